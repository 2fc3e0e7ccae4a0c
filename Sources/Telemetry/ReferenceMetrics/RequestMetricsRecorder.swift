/// One event loop's way to the request metrics: finds series without locks after their first use.
///
/// Belongs to one thread, that of its shard; not sendable.
public final class RequestMetricsRecorder {
  /// Why a request failed, as `error_code` names it.
  public struct ErrorCode: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The label's value, such as `BadRequest`.
    public let name: String

    /// A code by its name.
    public init(stringLiteral name: String) {
      self.name = name
    }
  }

  /// How many label combinations are remembered before the memory starts afresh; bounds what clients can make it hold.
  private static let capacity = 4_096

  /// The shard that this loop records on.
  public let shard: MetricsShard
  private let metrics: ReferenceMetrics
  private var series: [RequestLabels: RequestSeries] = [:]
  private var errors: [ErrorKey: TwinCounter] = [:]
  private var attempts: [AttemptKey: TwinCounter] = [:]

  private struct ErrorKey: Hashable {
    let labels: RequestLabels
    let code: ErrorCode
  }

  private struct AttemptKey: Hashable {
    let targetModel: String
    let endpoint: UInt64?
  }

  /// A recorder for the loop that `shard` belongs to.
  public init(metrics: ReferenceMetrics, shard: MetricsShard) {
    self.metrics = metrics
    self.shard = shard
  }

  /// The series of a request's labels.
  public func series(for labels: RequestLabels) -> RequestSeries {
    if let known = series[labels] { return known }
    if series.count >= Self.capacity { series.removeAll(keepingCapacity: true) }
    let new = RequestSeries(metrics.requests, labels: labels)
    series[labels] = new
    return new
  }

  /// Counts a request that ended in an error. Labels the request never got are empty.
  public func recordError(_ code: ErrorCode, labels: RequestLabels) {
    let key = ErrorKey(labels: labels, code: code)
    if let known = errors[key] { return known.add(on: shard) }
    if errors.count >= Self.capacity { errors.removeAll(keepingCapacity: true) }
    let new = metrics.requests.errors.twin(
      older: labels.olderValues + [code.name], newer: labels.newerValues + [code.name])
    errors[key] = new
    new.add(on: shard)
  }

  /// Counts an attempt to schedule a request.
  ///
  /// - Parameters:
  ///   - endpoint: a number that no other endpoint has or has had; `nil` for a failed attempt.
  ///   - labels: the endpoint's labels, asked for only when the endpoint is new to this loop.
  public func recordSchedulerAttempt(targetModel: String, endpoint: UInt64?, labels: () -> EndpointLabels?) {
    let key = AttemptKey(targetModel: targetModel, endpoint: endpoint)
    if let known = attempts[key] { return known.add(on: shard) }
    if attempts.count >= Self.capacity { attempts.removeAll(keepingCapacity: true) }
    let new = metrics.schedulerAttemptsSeries(
      targetModel: targetModel, endpoint: endpoint == nil ? nil : labels())
    attempts[key] = new
    new.add(on: shard)
  }
}
