/// A Lease of `coordination.k8s.io/v1`.
public struct LeaseObject: Codable, Sendable, Hashable {
  /// Who holds the lease and until when.
  public struct Spec: Codable, Sendable, Hashable {
    var holderIdentity: String?
    var leaseDurationSeconds: Int?
    /// RFC 3339 with microseconds.
    var acquireTime: String?
    /// RFC 3339 with microseconds.
    var renewTime: String?
    var leaseTransitions: Int?
  }

  var apiVersion = "coordination.k8s.io/v1"
  var kind = "Lease"
  var metadata: ObjectMeta
  var spec: Spec
}
