/// A Lease of `coordination.k8s.io/v1`.
public struct LeaseObject: Codable, Sendable, Hashable {
  /// Who holds the lease and until when.
  public struct Spec: Codable, Sendable, Hashable {
    package var holderIdentity: String?
    package var leaseDurationSeconds: Int?
    /// RFC 3339 with microseconds.
    package var acquireTime: String?
    /// RFC 3339 with microseconds.
    package var renewTime: String?
    package var leaseTransitions: Int?
  }

  var apiVersion = "coordination.k8s.io/v1"
  var kind = "Lease"
  var metadata: ObjectMeta
  var spec: Spec
}
