import ModelServerMetrics
import ServiceLifecycle
import Telemetry

/// Updates the pools' gauges at a fixed interval.
struct GaugeService: Service {
  let directory: PoolDirectory
  let interval: Duration
  let shard: MetricsShard

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        let now = NanosecondClock.system.seconds()
        directory.observe { pools in
          for pool in pools { pool.gauges.update(now: now, on: shard) }
        }
        try await Task.sleep(for: interval)
      }
    }
  }
}
