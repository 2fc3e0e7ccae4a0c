import Endpoints
import ModelServerMetrics
import Telemetry

/// Keeps the pool's gauges up to date: means over the endpoints whose metrics are fresh.
struct PoolGauges {
  let pool: CurrentPool
  let series: PoolSeries
  let staleness: Double

  /// Records the present state.
  func update(now: Double, on shard: MetricsShard) {
    let table = pool.value.endpoints
    let fresh = table.snapshot().endpoints.filter { endpoint in
      let updatedAt = table.value(.updatedAt, slot: endpoint.slot)
      return updatedAt > 0 && now - updatedAt <= staleness
    }
    func spread(_ column: ColumnID) -> PoolSample.Spread {
      PoolSample.Spread(fresh.map { table.value(column, slot: $0.slot) })
    }
    series.record(
      PoolSample(
        freshEndpoints: fresh.count, kvCacheUtilization: spread(.kvCacheUsage), queueSize: spread(.waitingQueueSize),
        runningRequests: spread(.runningRequests)),
      on: shard)
  }
}
