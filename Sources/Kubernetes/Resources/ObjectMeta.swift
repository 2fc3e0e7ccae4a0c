import FoundationEssentials

/// An object that the API server keeps.
public protocol KubeObject: Decodable, Sendable {
  /// What every object has.
  var metadata: ObjectMeta { get }
}

/// What every object has, the parts that are used.
public struct ObjectMeta: Codable, Sendable, Hashable {
  /// Unique in the namespace for objects of a kind.
  public var name: String
  /// Where the object is.
  public var namespace: String?
  /// Distinguishes the object from others of the name before and after it.
  public var uid: String?
  /// Opaque version, for watches and for changes that must not overwrite another's.
  public var resourceVersion: String?
  /// What selectors look at.
  public var labels: [String: String]?
  /// Other remarks.
  public var annotations: [String: String]?
  /// When the object was made, in RFC 3339.
  public var creationTimestamp: String?
  /// Set once the object is about to go.
  public var deletionTimestamp: String?

  /// Describes an object.
  public init(
    name: String, namespace: String? = nil, uid: String? = nil, resourceVersion: String? = nil,
    labels: [String: String]? = nil, annotations: [String: String]? = nil, creationTimestamp: String? = nil,
    deletionTimestamp: String? = nil
  ) {
    self.name = name
    self.namespace = namespace
    self.uid = uid
    self.resourceVersion = resourceVersion
    self.labels = labels
    self.annotations = annotations
    self.creationTimestamp = creationTimestamp
    self.deletionTimestamp = deletionTimestamp
  }

  /// When the object was made, in seconds since 1970; 0 when nothing says.
  var createdAt: Double {
    creationTimestamp.flatMap { try? Date($0, strategy: .iso8601) }?.timeIntervalSince1970 ?? 0
  }
}
