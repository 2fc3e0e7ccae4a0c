/// A kind of object that the API serves, and where.
public struct ResourceType: Sendable, Hashable, CustomStringConvertible {
  /// API group; empty for the core.
  public let group: String
  /// Version within the group.
  public let version: String
  /// Plural name in lower case, as in paths.
  public let plural: String

  /// Names a kind.
  public init(group: String = "", version: String, plural: String) {
    self.group = group
    self.version = version
    self.plural = plural
  }

  /// Path of all objects of the kind in a namespace, or of one of them.
  package func path(namespace: String, name: String? = nil) -> String {
    let root = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
    return "\(root)/namespaces/\(namespace)/\(plural)" + (name.map { "/\($0)" } ?? "")
  }

  /// `plural.version.group`.
  public var description: String { group.isEmpty ? plural : "\(plural).\(version).\(group)" }

  /// The group in which InferencePools are stable.
  public static let stableGroup = "inference.networking.k8s.io"
  /// The group in which InferencePools were before, and in which objectives and rewrites are.
  public static let experimentalGroup = "inference.networking.x-k8s.io"
  /// The group that objectives and rewrites moved to.
  public static let routerGroup = "llm-d.ai"

  package static let pods = ResourceType(version: "v1", plural: "pods")
  package static let leases = ResourceType(group: "coordination.k8s.io", version: "v1", plural: "leases")

  /// InferencePools of a group; nil for groups that never had any.
  public static func inferencePools(group: String) -> ResourceType? {
    switch group {
    case stableGroup: ResourceType(group: group, version: "v1", plural: "inferencepools")
    case experimentalGroup: ResourceType(group: group, version: "v1alpha2", plural: "inferencepools")
    default: nil
    }
  }

  static func objectives(group: String) -> ResourceType {
    ResourceType(group: group, version: "v1alpha2", plural: "inferenceobjectives")
  }

  static func rewrites(group: String) -> ResourceType {
    ResourceType(group: group, version: "v1alpha2", plural: "inferencemodelrewrites")
  }
}
