import Endpoints
import PickerConfiguration

/// `passive-health-filter`: leaves endpoints alone whose requests fail one after the other, and tries them again one
/// request at a time.
///
/// Runs before the other filters of every profile unless a profile names it somewhere else. It yields: an endpoint that
/// would be the last candidate stays one, and if all are unhealthy all are candidates. Whoever serves requests tells the
/// ``board`` how they end.
public struct PassiveHealthFilter: YieldingFilter, EndpointObserver {
  static let typeName = "passive-health-filter"

  /// Whether it does anything.
  public let isEnabled: Bool
  /// When endpoints count as unhealthy.
  public let parameters: PassiveHealthParameters
  /// What is known of the endpoints.
  public let board: HealthBoard

  /// Creates a filter.
  public init(isEnabled: Bool = true, parameters: PassiveHealthParameters = .init(), board: HealthBoard) {
    self.isEnabled = isEnabled
    self.parameters = parameters
    self.board = board
  }

  /// Whether any endpoint is unhealthy.
  public var isNeeded: Bool { isEnabled && board.unhealthyCount > 0 }

  /// Drops the candidates that are unhealthy and not due for a probe; none when they all are.
  public func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) {
    board.filter(cycle, parameters, keep: keep)
  }

  /// Forgets an endpoint that is gone.
  public func endpointRemoved(_ endpoint: Endpoint) { board.remove(endpoint) }
}

extension PluginRegistration {
  static let passiveHealthFilter = PluginRegistration(type: PassiveHealthFilter.typeName) { context in
    let decoder = context.parameters
    var parameters = PassiveHealthParameters()
    let isEnabled = decoder.bool("enabled", default: true)
    parameters.consecutiveFailures = decoder.int(
      "consecutiveFailures", default: parameters.consecutiveFailures, range: 1...1_000_000)
    parameters.baseBackoff = decoder.duration("baseBackoff", default: .seconds(10)).seconds
    parameters.maxBackoff = decoder.duration("maxBackoff", default: .seconds(300)).seconds
    parameters.resetGracePeriod = decoder.duration("resetGracePeriod", default: .seconds(10)).seconds
    if parameters.baseBackoff <= 0 { decoder.reject("baseBackoff", "must be positive") }
    if parameters.maxBackoff < parameters.baseBackoff {
      decoder.reject("maxBackoff", "must be at least baseBackoff")
    }
    return PassiveHealthFilter(isEnabled: isEnabled, parameters: parameters, board: context.services.health)
  }
}
