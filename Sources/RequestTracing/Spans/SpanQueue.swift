import Synchronization

/// The spans that wait to be exported: bounded, so that a collector that is down costs a fixed amount of memory.
///
/// Safe to use from any thread; adding never waits for anything but another thread that adds or takes.
public final class SpanQueue: Sendable {
  /// What became of spans.
  public struct Counts: Sendable, Hashable {
    /// Spans that a collector took.
    public var exported: UInt64 = 0
    /// Spans that found the queue full.
    public var dropped: UInt64 = 0
    /// Spans that could not be delivered.
    public var failed: UInt64 = 0
  }

  private struct State {
    var spans: [FinishedSpan] = []
    var counts = Counts()
  }

  private let capacity: Int
  private let state = Mutex(State())

  /// An empty queue for so many spans.
  public init(capacity: Int) {
    self.capacity = max(1, capacity)
  }

  /// Adds spans; those beyond the capacity are dropped and counted.
  public func add(_ spans: [FinishedSpan]) {
    state.withLock { state in
      let room = min(spans.count, capacity - state.spans.count)
      state.spans += spans.prefix(room)
      state.counts.dropped += UInt64(spans.count - room)
    }
  }

  /// Takes the oldest spans, at most so many.
  func take(_ count: Int) -> [FinishedSpan] {
    state.withLock { state in
      let taken = Array(state.spans.prefix(count))
      state.spans.removeFirst(taken.count)
      return taken
    }
  }

  /// Spans that wait.
  var count: Int { state.withLock { $0.spans.count } }

  func noteExported(_ count: Int) { state.withLock { $0.counts.exported += UInt64(count) } }

  func noteFailed(_ count: Int) { state.withLock { $0.counts.failed += UInt64(count) } }

  /// What became of spans so far.
  public var counts: Counts { state.withLock { $0.counts } }
}
