import FoundationEssentials
import Logging

/// Takes part in an election by Lease and tells when this process begins and stops to lead.
public struct LeaderElector: Sendable {
  private let client: KubeClient
  private let namespace: String
  private let name: String
  private let identity: String
  private let logger: Logger
  private let changed: @Sendable (Bool) -> Void

  /// - Parameters:
  ///   - name: name of the Lease.
  ///   - identity: unique among all that take part.
  ///   - changed: told whether this process leads, whenever that changes.
  public init(
    client: KubeClient, namespace: String, name: String, identity: String, logger: Logger,
    changed: @escaping @Sendable (Bool) -> Void
  ) {
    self.client = client
    self.namespace = namespace
    self.name = name
    self.identity = identity
    self.logger = logger
    self.changed = changed
  }

  /// Name of the Lease that replicas of a pool's picker share.
  /// - Parameter suffix: `gateway-api-inference-extension.sigs.k8s.io` or `llm-d.ai`.
  public static func leaseName(namespace: String, pool: String, suffix: String) -> String {
    "epp-\(namespace)-\(pool).\(suffix)"
  }

  /// Something that tells this process from all others.
  public static func randomSuffix() -> String { UUID().uuidString.lowercased() }

  /// Takes part until the task is cancelled, then gives the lease back if it is held.
  public func run() async {
    var election = LeaseElection(identity: identity)
    let path = ResourceType.leases.path(namespace: namespace, name: name)
    var version: String?
    var isTroubled = false
    while !Task.isCancelled {
      let wasLeader = election.isLeader
      do throws(KubeError) {
        try await step(&election, &version, path)
        isTroubled = false
      } catch {
        guard !Task.isCancelled else { break }
        election.failed(now: Self.now())
        // Another replica was faster, which is what elections are about.
        let isRace = error.code == 409
        logger.log(level: isRace || isTroubled ? .debug : .warning, "leader election: \(error)")
        if !isRace { isTroubled = true }
      }
      if election.isLeader != wasLeader {
        logger.notice(election.isLeader ? "leading" : "no longer leading", metadata: ["lease": "\(name)"])
        changed(election.isLeader)
      }
      let period = election.timing.retryPeriod
      // Followers spread their tries, as the reference does.
      try? await Task.sleep(for: .seconds(election.isLeader ? period : period * .random(in: 1...2.2)))
    }
    // This task is cancelled, and a request of a cancelled task would not be sent.
    let last = election
    let lastVersion = version
    await Task { await release(last, lastVersion, path) }.value
  }

  private func step(_ election: inout LeaseElection, _ version: inout String?, _ path: String) async throws(KubeError) {
    var lease: LeaseObject?
    do throws(KubeError) {
      lease = try await client.get(LeaseObject.self, path, timeout: .seconds(5))
    } catch {
      guard error.code == 404 else { throw error }
    }
    let time = MicroTime.text(Date())
    let stored: LeaseObject
    switch election.action(after: lease?.spec, now: Self.now(), time: time) {
    case .wait:
      return
    case .create(let spec):
      let new = LeaseObject(metadata: ObjectMeta(name: name, namespace: namespace), spec: spec)
      stored = try await client.send(.POST, ResourceType.leases.path(namespace: namespace), new, timeout: .seconds(5))
    case .update(let spec):
      guard var changed = lease else { return }
      changed.spec = spec
      stored = try await client.send(.PUT, path, changed, timeout: .seconds(5))
    }
    version = stored.metadata.resourceVersion
    election.wrote(stored.spec, now: Self.now())
  }

  private func release(_ election: LeaseElection, _ version: String?, _ path: String) async {
    guard let spec = election.released(time: MicroTime.text(Date())) else { return }
    changed(false)
    let lease = LeaseObject(
      metadata: ObjectMeta(name: name, namespace: namespace, resourceVersion: version), spec: spec)
    do {
      _ = try await client.send(.PUT, path, lease, timeout: .seconds(2))
      logger.info("gave the lease back", metadata: ["lease": "\(name)"])
    } catch {
      logger.warning("the lease could not be given back: \(error)")
    }
  }

  private static func now() -> Double {
    let (seconds, attoseconds) = ContinuousClock.now.durationSinceStart.components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}

extension ContinuousClock.Instant {
  private static let start = ContinuousClock.now

  /// Time since some fixed moment.
  fileprivate var durationSinceStart: Duration { self - Self.start }
}
