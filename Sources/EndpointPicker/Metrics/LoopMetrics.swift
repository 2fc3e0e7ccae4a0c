import Endpoints
import Telemetry

/// What one event loop records. Plain adds into memory of its own; scrapes sum the loops.
final class LoopMetrics {
  private let metrics: ReferenceMetrics
  private let recorder: RequestMetricsRecorder
  private let shard: MetricsShard
  private let schedulerDuration: TwinHistogram

  init(_ metrics: ReferenceMetrics, shard: MetricsShard) {
    self.metrics = metrics
    self.shard = shard
    recorder = RequestMetricsRecorder(metrics: metrics, shard: shard)
    schedulerDuration = metrics.schedulerDurationSeries()
  }

  /// Labels of requests for a model.
  func makeLabel(model: String) -> ModelLabel {
    let labels = RequestLabels(model: model, targetModel: model, fairnessID: "default-flow", priority: 0)
    return ModelLabel(labels: labels, series: recorder.series(for: labels))
  }

  /// An endpoint was chosen.
  func scheduled(model: ModelLabel, endpoint: Endpoint, nanoseconds: UInt64, bodyBytes: Int) {
    schedulerDuration.observe(Double(nanoseconds) * 1e-9, on: shard)
    model.attempts(endpoint) {
      metrics.schedulerAttemptsSeries(
        targetModel: model.name,
        endpoint: EndpointLabels(
          name: endpoint.id.name, namespace: endpoint.id.namespace, port: String(endpoint.address.port)))
    }.add(on: shard)
    guard bodyBytes > 0 else { return }
    model.series.total.add(on: shard)
    model.series.requestBytes.observe(Double(bodyBytes), on: shard)
  }

  /// No endpoint could be chosen.
  func schedulingFailed(model: ModelLabel) {
    recorder.recordSchedulerAttempt(targetModel: model.name, endpoint: nil) { nil }
  }

  /// The request was sent on.
  func requestStarted(model: ModelLabel) { model.series.beginRunning(on: shard) }

  /// The stream of a request that was sent on ended.
  func requestEnded(model: ModelLabel) { model.series.endRunning(on: shard) }

  /// The response is complete.
  func responseCompleted(model: ModelLabel, nanoseconds: UInt64, responseBytes: Int) {
    model.series.recordResponse(
      seconds: Double(nanoseconds) * 1e-9, responseBytes: responseBytes, usage: nil, on: shard)
  }

  /// The request ended with an error.
  func requestFailed(model: ModelLabel?, code: String) {
    let labels = model?.labels ?? RequestLabels(model: "", targetModel: "", fairnessID: "default-flow", priority: 0)
    recorder.recordError(RequestMetricsRecorder.ErrorCode(stringLiteral: code), labels: labels)
  }
}
