/// A pod, the parts that are used.
public struct Pod: KubeObject, Hashable {
  /// What is known of a running pod.
  public struct Status: Decodable, Sendable, Hashable {
    /// One statement about the pod.
    public struct Condition: Decodable, Sendable, Hashable {
      /// What it is about.
      public var type: String
      /// `True`, `False` or `Unknown`.
      public var status: String

      package init(type: String, status: String) {
        self.type = type
        self.status = status
      }
    }

    /// The pod's address.
    public var podIP: String?
    /// Statements about the pod.
    public var conditions: [Condition]?

    package init(podIP: String?, conditions: [Condition]?) {
      self.podIP = podIP
      self.conditions = conditions
    }
  }

  /// What every object has.
  public var metadata: ObjectMeta
  /// What is known of a running pod.
  public var status: Status?

  package init(metadata: ObjectMeta, status: Status?) {
    self.metadata = metadata
    self.status = status
  }

  /// Whether requests may be sent to the pod: it is ready, not about to end, and has an address.
  public var isServing: Bool {
    metadata.deletionTimestamp == nil && !(status?.podIP ?? "").isEmpty
      && status?.conditions?.contains { $0.type == "Ready" && $0.status == "True" } == true
  }
}
