import FlowControl
import Telemetry

extension FlowCapacityCollector {
  /// How full the queues of the pool in force are.
  init(pool: CurrentPool, name: String) {
    self.init {
      guard let flow = pool.value.flow else { return [] }
      let usage = flow.usage
      let all = Fill(
        priority: nil, requests: Self.part(usage.requests, of: flow.settings.maxRequests),
        bytes: Self.part(usage.bytes, of: flow.settings.maxBytes))
      let bands = usage.bands.map { band in
        Fill(
          priority: band.priority, requests: Self.part(band.requests, of: band.maxRequests),
          bytes: Self.part(band.bytes, of: band.maxBytes))
      }
      return [(name, [all] + bands)]
    }
  }

  private static func part(_ value: Int, of limit: Int) -> Double {
    limit == .max ? 0 : Double(value) / Double(max(limit, 1))
  }
}
