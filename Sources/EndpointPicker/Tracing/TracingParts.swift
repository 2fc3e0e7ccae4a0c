import Logging
import NIOCore
import RequestTracing
import Telemetry

/// What tracing is made of while it is on.
struct TracingParts {
  /// Records requests.
  let tracer: RequestTracer
  /// Exports what was recorded.
  let service: TracingService

  /// - Parameter group: where the connection to the collector lives, apart from requests.
  init(_ settings: TracingSettings, group: any EventLoopGroup, registry: MetricsRegistry, logger: Logger) {
    let queue = SpanQueue(capacity: settings.queueSize)
    tracer = RequestTracer(sampler: settings.sampler, queue: queue)
    service = TracingService(
      exporter: SpanExporter(queue: queue, settings: settings, group: group, logger: logger))
    registry.register(SpanCollector(queue: queue))
    let collector = settings.collector
    logger.info(
      "tracing",
      metadata: [
        "collector": "\(collector.host):\(collector.port)", "tls": "\(collector.usesTLS)",
        "service": "\(settings.resource["service.name"] ?? "")",
      ])
  }
}
