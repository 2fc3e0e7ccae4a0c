/// Decides who leads by a Lease, as Kubernetes' own components do (client-go, leader election). Knows no sockets or
/// clocks: `now` is any monotonic time in seconds, `time` the same moment as text for the Lease.
///
/// Clocks of different machines are not compared: a lease has run out when its contents did not change for its duration
/// by this process's clock.
package struct LeaseElection {
  /// What to do with the Lease.
  package enum Action: Equatable, Sendable {
    /// Nothing now.
    case wait
    /// There is none: make this one.
    case create(LeaseObject.Spec)
    /// Write this over the version that was read.
    case update(LeaseObject.Spec)
  }

  /// How often and how long.
  package struct Timing: Sendable {
    /// Seconds after which a lease that is not renewed may be taken.
    var duration = 15
    /// Seconds that a leader keeps trying to renew before it stops to be one.
    var renewDeadline = 10.0
    /// Seconds between two tries.
    var retryPeriod = 2.0

    package init() {}
  }

  let identity: String
  let timing: Timing
  package private(set) var isLeader = false
  private var observed: LeaseObject.Spec?
  private var observedAt = 0.0
  private var renewedAt = 0.0

  package init(identity: String, timing: Timing = Timing()) {
    self.identity = identity
    self.timing = timing
  }

  /// The Lease was read; nil when there is none.
  package mutating func action(after lease: LeaseObject.Spec?, now: Double, time: String) -> Action {
    guard let lease else { return .create(fresh(transitions: 0, time: time)) }
    if lease != observed {
      observed = lease
      observedAt = now
    }
    let holder = lease.holderIdentity ?? ""
    if holder == identity {
      var renewed = lease
      renewed.leaseDurationSeconds = timing.duration
      renewed.renewTime = time
      return .update(renewed)
    }
    isLeader = false
    let duration = Double(lease.leaseDurationSeconds ?? timing.duration)
    guard holder.isEmpty || observedAt + duration <= now else { return .wait }
    return .update(fresh(transitions: (lease.leaseTransitions ?? 0) + 1, time: time))
  }

  /// The server took what was to be written.
  package mutating func wrote(_ lease: LeaseObject.Spec, now: Double) {
    observed = lease
    observedAt = now
    renewedAt = now
    isLeader = true
  }

  /// The Lease could not be read or written. A leader stays one until its deadline.
  package mutating func failed(now: Double) {
    if now - renewedAt >= timing.renewDeadline { isLeader = false }
  }

  /// What a leader writes when it goes, so that another need not wait.
  package func released(time: String) -> LeaseObject.Spec? {
    guard isLeader, let observed else { return nil }
    return LeaseObject.Spec(
      holderIdentity: "", leaseDurationSeconds: 1, acquireTime: time, renewTime: time,
      leaseTransitions: observed.leaseTransitions)
  }

  private func fresh(transitions: Int, time: String) -> LeaseObject.Spec {
    LeaseObject.Spec(
      holderIdentity: identity, leaseDurationSeconds: timing.duration, acquireTime: time, renewTime: time,
      leaseTransitions: transitions)
  }
}
