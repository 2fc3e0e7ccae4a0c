import RequestTracing

/// The spans of one request that is recorded: `gateway.request` for its whole life, and within it
/// `gateway.request_orchestration` for the way to its endpoint (process contract, environment).
///
/// Belongs to the event loop of its request. Times are nanoseconds of the monotonic clock.
final class RequestTrace {
  /// The place of `gateway.request`, which the model server's spans are children of.
  let context: TraceContext
  private let parentSpanID: UInt64
  private let orchestrationSpanID: UInt64
  private let start: UInt64
  private let epochOffset: UInt64
  private var orchestrationStart: UInt64?
  private var orchestration: FinishedSpan?

  init(
    _ context: TraceContext, parentSpanID: UInt64, orchestrationSpanID: UInt64, start: UInt64, epochOffset: UInt64
  ) {
    self.context = context
    self.parentSpanID = parentSpanID
    self.orchestrationSpanID = orchestrationSpanID
    self.start = start
    self.epochOffset = epochOffset
  }

  /// The request is complete and an endpoint is being chosen.
  func beginOrchestration(now: UInt64) { orchestrationStart = now }

  /// An endpoint was chosen, or the request was turned away.
  /// - Parameters:
  ///   - endpoint: address of the endpoint; nil when there is none.
  ///   - model: the model asked of the server; nil when it is not known.
  ///   - error: why the request was turned away.
  func endOrchestration(endpoint: String?, model: String?, priority: Int, error: String?, now: UInt64) {
    guard let begun = orchestrationStart else { return }
    orchestrationStart = nil
    var attributes: [FinishedSpan.Attribute] = []
    if let model { attributes.append(.init("target_model", .string(model))) }
    attributes.append(.init("request_prio", .integer(priority)))
    if let endpoint { attributes.append(.init("target_endpoint", .string(endpoint))) }
    orchestration = FinishedSpan(
      name: "gateway.request_orchestration", context: context.child(spanID: orchestrationSpanID, isSampled: true),
      parentSpanID: context.spanID, kind: .inner, start: begun &+ epochOffset, end: now &+ epochOffset,
      attributes: attributes, error: error)
  }

  /// The spans, now that the request is over.
  func finish(error: String?, now: UInt64) -> [FinishedSpan] {
    let request = FinishedSpan(
      name: "gateway.request", context: context, parentSpanID: parentSpanID, kind: .server, start: start &+ epochOffset,
      end: now &+ epochOffset, error: error)
    return [request, orchestration].compactMap(\.self)
  }
}
