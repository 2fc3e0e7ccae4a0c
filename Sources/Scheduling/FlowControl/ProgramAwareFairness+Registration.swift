import FlowControl
import PickerConfiguration

extension ProgramAwareFairness: RequestObserver {
  /// Follows the request for the tokens it costs.
  public func requestBegan(_ cycle: SchedulingCycle) -> (any RequestObservation)? {
    let headers = cycle.request.headers
    let id =
      headers?.value(of: "x-llm-d-inference-fairness-id") ?? headers?.value(of: "x-gateway-inference-fairness-id")
    let flow = id.flatMap { $0.isEmpty ? nil : String(decoding: $0, as: UTF8.self) } ?? FlowKey.defaultID
    return ServiceObservation(self, flow: flow, promptTokens: cycle.request.promptTokens, began: cycle.now)
  }
}

/// Follows one request. Belongs to one event loop.
private final class ServiceObservation: RequestObservation {
  private let policy: ProgramAwareFairness
  private let flow: String
  private let promptTokens: Int
  private let began: Double

  init(_ policy: ProgramAwareFairness, flow: String, promptTokens: Int, began: Double) {
    self.policy = policy
    self.flow = flow
    self.promptTokens = promptTokens
    self.began = began
  }

  func responseBegan(after seconds: Double) {}

  func ended(_ end: RequestEnd) {
    policy.served(
      flow, promptTokens: promptTokens, outputTokens: end.outputTokens ?? 0, now: began + max(0, end.seconds))
  }
}

extension PluginRegistration {
  static let programAwareFairness = PluginRegistration(type: "program-aware-fairness", stability: .alpha) { context in
    let decoder = context.parameters
    var parameters = ProgramAwareFairness.Parameters()
    _ = decoder.enumeration("strategy", default: FairnessStrategy.las)
    parameters.timeToLive = Double(decoder.int("evictionTtlSeconds", default: 3_600, range: 0...))
    parameters.sweepInterval = Double(decoder.int("evictionSweepSeconds", default: 300, range: 1...))
    parameters.serviceWeight = decoder.double("lasWeightService", default: 0.8, range: 0...)
    parameters.headWaitWeight = decoder.double("lasWeightHeadWait", default: 0.2, range: 0...)
    parameters.halfLife = decoder.double("lasHalfLifeSeconds", default: 60, range: 0...)
    context.requirePrompts()
    return ProgramAwareFairness(parameters: parameters)
  }
}

/// How flows are compared; there is one way so far.
private enum FairnessStrategy: String, CaseIterable {
  /// Least attained service.
  case las
}
