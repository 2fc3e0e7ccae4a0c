import Synchronization

/// The policies in force, replaced as a whole by whatever source knows them: a file, or the Kubernetes API.
///
/// Event loops keep what they read until ``version`` differs, so that requests take no lock.
public final class RequestPolicyStore: Sendable {
  private let policies: Mutex<RequestPolicies>
  private let published = Atomic<UInt64>(0)

  /// Starts with policies.
  public init(_ policies: RequestPolicies = .none) {
    self.policies = Mutex(policies)
  }

  /// Grows with every change.
  public var version: UInt64 { published.load(ordering: .acquiring) }

  /// What is in force.
  public var current: RequestPolicies { policies.withLock { $0 } }

  /// Puts other policies in force. Any thread.
  public func replace(with new: RequestPolicies) {
    policies.withLock { policies in
      policies = new
      _ = published.add(1, ordering: .releasing)
    }
  }
}
