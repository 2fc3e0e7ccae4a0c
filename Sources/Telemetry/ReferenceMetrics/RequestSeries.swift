/// What tells requests apart in metrics.
public struct RequestLabels: Sendable, Hashable {
  /// The model the client asked for; empty when the request couldn't be parsed.
  public var model: String
  /// The model that is asked of the server.
  public var targetModel: String
  /// The flow the request belongs to.
  public var fairnessID: String
  /// The priority of its objective.
  public var priority: Int

  /// Labels of a request.
  public init(model: String, targetModel: String, fairnessID: String, priority: Int) {
    self.model = model
    self.targetModel = targetModel
    self.fairnessID = fairnessID
    self.priority = priority
  }

  /// `model_name`, `target_model_name`.
  var olderValues: [String] { [model, targetModel] }
  /// The older ones and `fairness_id`, `priority`.
  var newerValues: [String] { [model, targetModel, fairnessID, String(priority)] }
}

/// All metrics of requests with the same labels. A stream keeps the one it belongs to until it ends.
public final class RequestSeries: Sendable {
  /// Requests that were scheduled.
  public let total: TwinCounter
  /// Seconds from a request to the end of its response.
  public let duration: TwinHistogram
  /// Bytes of the body sent to the model server.
  public let requestBytes: TwinHistogram
  /// Bytes of the body the model server sent.
  public let responseBytes: TwinHistogram
  /// Tokens of the prompt, where usage tells them and they are not 0.
  public let inputTokens: TwinHistogram
  /// Tokens of the answer, likewise.
  public let outputTokens: TwinHistogram
  /// Tokens of the prompt that were cached, likewise.
  public let cachedTokens: TwinHistogram
  /// Seconds of a request divided by its output tokens.
  public let normalizedTimePerOutputToken: TwinHistogram
  /// Seconds to the first token of a streamed answer.
  public let streamingTimeToFirstToken: HistogramCell
  /// Seconds to the whole answer where it is not streamed.
  public let timeToFirstToken: HistogramCell
  /// Mean seconds for each token of a stream after the first.
  public let streamingTimePerOutputToken: HistogramCell
  /// Seconds between two chunks of a stream.
  public let streamingInterTokenLatency: HistogramCell
  /// Requests that a model server is working on; `nil` when the model is unknown, which is not counted.
  private let running: TwinGauge?

  init(_ families: RequestFamilies, labels: RequestLabels) {
    let older = labels.olderValues
    let newer = labels.newerValues
    total = families.total.twin(older: older + [String(labels.priority)], newer: newer)
    duration = families.duration.twin(older: older, newer: newer)
    requestBytes = families.requestBytes.twin(older: older, newer: newer)
    responseBytes = families.responseBytes.twin(older: older, newer: newer)
    inputTokens = families.inputTokens.twin(older: older, newer: newer)
    outputTokens = families.outputTokens.twin(older: older, newer: newer)
    cachedTokens = families.cachedTokens.twin(older: older, newer: newer)
    normalizedTimePerOutputToken = families.normalizedTimePerOutputToken.twin(older: older, newer: newer)
    streamingTimeToFirstToken = families.timeToFirstToken.cell(newer + ["true"])
    timeToFirstToken = families.timeToFirstToken.cell(newer + ["false"])
    streamingTimePerOutputToken = families.streamingTimePerOutputToken.cell(newer)
    streamingInterTokenLatency = families.streamingInterTokenLatency.cell(newer)
    running = labels.model.isEmpty ? nil : families.running.twin(older: [labels.model], newer: newer)
  }

  /// Counts a request as running; to be paired with ``endRunning(on:)``.
  public func beginRunning(on shard: MetricsShard) { running?.add(on: shard) }

  /// Ends what ``beginRunning(on:)`` began.
  public func endRunning(on shard: MetricsShard) { running?.subtract(on: shard) }

  /// Records how a response ended.
  ///
  /// - Parameters:
  ///   - seconds: from the request's arrival to the end of the response.
  ///   - responseBytes: all bytes of the response's body.
  ///   - usage: the token counts the model server reported; counts of 0 are not recorded.
  public func recordResponse(
    seconds: Double, responseBytes: Int, usage: (input: Int, output: Int, cached: Int)?, on shard: MetricsShard
  ) {
    duration.observe(seconds, on: shard)
    self.responseBytes.observe(Double(responseBytes), on: shard)
    guard let usage else { return }
    if usage.input > 0 { inputTokens.observe(Double(usage.input), on: shard) }
    if usage.cached > 0 { cachedTokens.observe(Double(usage.cached), on: shard) }
    if usage.output > 0 {
      outputTokens.observe(Double(usage.output), on: shard)
      normalizedTimePerOutputToken.observe(seconds / Double(usage.output), on: shard)
    }
  }
}
