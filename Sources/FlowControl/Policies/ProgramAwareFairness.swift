import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `program-aware-fairness`: flows that received the least service lately, or have waited longest, go first (least
/// attained service).
///
/// A flow's service is what its finished requests cost, prompt tokens and twice the answer's, fading with a half-life.
/// May be shared between threads.
public final class ProgramAwareFairness: FairnessPolicy {
  /// The parameters of the policy.
  public struct Parameters: Sendable, Hashable {
    /// Share of a flow's want of service in its score.
    public var serviceWeight = 0.8
    /// Share of the time that its first request has waited.
    public var headWaitWeight = 0.2
    /// Seconds in which service counts half; 0 for never.
    public var halfLife = 60.0
    /// Seconds after which a flow without requests is forgotten; 0 for never, within what the program keeps.
    public var timeToLive = 3_600.0
    /// Seconds between looks for such flows; positive.
    public var sweepInterval = 300.0

    /// Creates the default parameters.
    public init() {}
  }

  private struct Service {
    var amount: Double
    var updatedAt: Double
  }

  private struct State {
    var services: [String: Service] = [:]
    var nextSweep = 0.0
  }

  /// Flows whose service is remembered; clients name flows. Beyond, new ones count as never served.
  public static let maximumFlows = 16_384

  /// What the policy was configured with.
  public let parameters: Parameters
  private let state = Mutex(State())

  /// Creates the policy.
  public init(parameters: Parameters = Parameters()) {
    self.parameters = parameters
  }

  /// A request of a flow has ended.
  /// - Parameter now: monotonic time, in seconds.
  public func served(_ flow: String, promptTokens: Int, outputTokens: Int, now: Double) {
    let cost = Double(max(0, promptTokens)) + 2 * Double(max(0, outputTokens))
    state.withLock { state in
      if now >= state.nextSweep {
        state.nextSweep = now + parameters.sweepInterval
        let oldest = parameters.timeToLive > 0 ? now - parameters.timeToLive : -.infinity
        state.services = state.services.filter { $0.value.updatedAt > oldest }
      }
      guard let known = state.services[flow] else {
        guard state.services.count < Self.maximumFlows else { return }
        state.services[flow] = Service(amount: cost, updatedAt: now)
        return
      }
      state.services[flow] = Service(amount: faded(known, now) + cost, updatedAt: now)
    }
  }

  /// The flow with the highest score; the first of equal ones.
  public func choose(among flows: WaitingFlows, previous: String?, now: Double) -> Int? {
    let (services, waits) = state.withLock { state in
      (flows.map { flow in state.services[flow.id].map { faded($0, now) } ?? 0 }, flows.map { now - $0.enqueuedAt })
    }
    let service = Self.normalized(services)
    let wait = Self.normalized(waits)
    var best = 0
    var bestScore = -Double.infinity
    for index in flows.indices {
      let score = parameters.serviceWeight * (1 - service[index]) + parameters.headWaitWeight * wait[index]
      if score > bestScore {
        best = index
        bestScore = score
      }
    }
    return best
  }

  private func faded(_ service: Service, _ now: Double) -> Double {
    guard parameters.halfLife > 0 else { return service.amount }
    return service.amount * exp2(-max(0, now - service.updatedAt) / parameters.halfLife)
  }

  /// Values from 0 for the smallest to 1 for the greatest; 0.5 when all are equal.
  private static func normalized(_ values: [Double]) -> [Double] {
    guard let least = values.min(), let most = values.max(), most > least else { return values.map { _ in 0.5 } }
    return values.map { ($0 - least) / (most - least) }
  }
}
