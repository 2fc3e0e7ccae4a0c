import Endpoints
import InferenceAPI
import Telemetry

/// What one event loop records. Plain adds into memory of its own; scrapes sum the loops.
final class LoopMetrics {
  private let metrics: ReferenceMetrics
  private let recorder: RequestMetricsRecorder
  private let shard: MetricsShard
  private let schedulerDuration: TwinHistogram

  /// Most model names that become values of labels.
  var maximumModels: Int { metrics.modelNames.limit }

  init(_ metrics: ReferenceMetrics, shard: MetricsShard) {
    self.metrics = metrics
    self.shard = shard
    recorder = RequestMetricsRecorder(metrics: metrics, shard: shard)
    schedulerDuration = metrics.schedulerDurationSeries()
  }

  /// The series of requests with these labels.
  func makeLabel(_ labels: RequestLabels, pool: String) -> ModelLabel {
    ModelLabel(labels: labels, pool: pool, series: recorder.series(for: labels))
  }

  // MARK: Request

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

  /// A rewrite decided about a request's model.
  func rewrote(_ model: String, to target: String, by rewrite: String) {
    metrics.rewriteDecisionsSeries(rewrite: rewrite, model: model, target: target).add(on: shard)
  }

  /// The request was sent on.
  func requestStarted(model: ModelLabel) { model.series.beginRunning(on: shard) }

  /// The stream of a request that was sent on ended.
  func requestEnded(model: ModelLabel) { model.series.endRunning(on: shard) }

  /// The request ended with an error.
  func requestFailed(model: ModelLabel?, code: String) {
    let labels = model?.labels ?? RequestLabels(model: "", targetModel: "", fairnessID: "default-flow", priority: 0)
    recorder.recordError(RequestMetricsRecorder.ErrorCode(stringLiteral: code), labels: labels)
  }

  // MARK: Response

  /// Tokens of a stream of events arrived.
  /// - Parameter first: nanoseconds between the request and the stream's first token.
  func tokensArrived(_ progress: ResponsePhase.Progress, at first: UInt64?, model: ModelLabel) {
    if progress.isFirstToken, let first {
      model.series.streamingTimeToFirstToken.observe(Double(first) * 1e-9, on: shard)
    }
    guard progress.laterTokens > 0 else { return }
    // Tokens that arrive together took the same share of the time since the last one.
    let seconds = Double(progress.gap) * 1e-9 / Double(progress.laterTokens)
    for _ in 0..<progress.laterTokens { model.series.streamingInterTokenLatency.observe(seconds, on: shard) }
  }

  /// The response is complete.
  /// - Parameter nanoseconds: between the request and the response's end.
  func responseCompleted(model: ModelLabel, _ response: ResponsePhase, nanoseconds: UInt64) {
    let seconds = Double(nanoseconds) * 1e-9
    let usage = response.usage
    model.series.recordResponse(
      seconds: seconds, responseBytes: response.byteCount,
      usage: usage.map { ($0.promptTokens ?? 0, $0.completionTokens ?? 0, $0.cachedTokens ?? 0) }, on: shard)
    guard let first = response.times.first else { return }
    if !response.isEventStream {
      model.series.timeToFirstToken.observe(seconds, on: shard)
    } else {
      let tokens = max(usage?.completionTokens ?? 0, response.times.count)
      guard tokens > 1 else { return }
      let rest = seconds - Double(first) * 1e-9
      model.series.streamingTimePerOutputToken.observe(rest / Double(tokens - 1), on: shard)
    }
  }
}
