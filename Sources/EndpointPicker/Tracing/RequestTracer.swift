import RequestTracing
import Scheduling

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Begins and ends the traces of requests. May be used by all event loops.
final class RequestTracer: Sendable {
  private let sampler: TraceSampler
  private let queue: SpanQueue

  init(sampler: TraceSampler, queue: SpanQueue) {
    self.sampler = sampler
    self.queue = queue
  }

  /// Begins the trace of a request, continuing that of the client.
  /// - Parameters:
  ///   - traceparent: the header that the request came with.
  ///   - now: the time on the monotonic clock.
  /// - Returns: nil when the request is not recorded; the client's header then goes on as it came.
  func begin(traceparent: UnsafeRawBufferPointer?, now: UInt64, random: inout RandomSource) -> RequestTrace? {
    let parent = traceparent.flatMap { TraceContext(traceparent: $0) }
    let low = parent?.traceLow ?? random.next()
    guard sampler.samples(parent: parent, traceLow: low) else { return nil }
    // Ids of zero are not valid; a set bit costs nothing.
    let context = TraceContext(
      traceHigh: parent?.traceHigh ?? (random.next() | 1), traceLow: low, spanID: random.next() | 1, isSampled: true)
    return RequestTrace(
      context, parentSpanID: parent?.spanID ?? 0, orchestrationSpanID: random.next() | 1, start: now,
      // Spans tell the time of day, and steps of that clock must not show within a trace.
      epochOffset: Self.timeOfDay() &- now)
  }

  /// Hands the spans of a request over for export.
  func end(_ trace: RequestTrace, error: String?, now: UInt64) {
    queue.add(trace.finish(error: error, now: now))
  }

  private static func timeOfDay() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
