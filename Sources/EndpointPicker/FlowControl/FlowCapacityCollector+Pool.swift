import FlowControl
import Telemetry

extension FlowCapacityCollector {
  /// How full the queues of the pools are.
  init(_ directory: PoolDirectory) {
    self.init {
      directory.pools.compactMap { pool in pool.current.value.flow.map { (pool.name, Self.fills($0)) } }
    }
  }

  private static func fills(_ flow: FlowController) -> [Fill] {
    let usage = flow.usage
    let all = Fill(
      priority: nil, requests: part(usage.requests, of: flow.settings.maxRequests),
      bytes: part(usage.bytes, of: flow.settings.maxBytes))
    let bands = usage.bands.map { band in
      Fill(
        priority: band.priority, requests: part(band.requests, of: band.maxRequests),
        bytes: part(band.bytes, of: band.maxBytes))
    }
    return [all] + bands
  }

  private static func part(_ value: Int, of limit: Int) -> Double {
    limit == .max ? 0 : Double(value) / Double(max(limit, 1))
  }
}
