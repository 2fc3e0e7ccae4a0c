import ModelServerMetrics
import ServiceLifecycle
import Telemetry

/// Updates the pool's gauges at a fixed interval.
struct GaugeService: Service {
  let gauges: PoolGauges
  let interval: Duration
  let shard: MetricsShard

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        gauges.update(now: NanosecondClock.system.seconds(), on: shard)
        try await Task.sleep(for: interval)
      }
    }
  }
}
