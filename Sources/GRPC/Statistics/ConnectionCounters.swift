import Synchronization

/// One connection's counts. Its event loop alone writes, with plain stores; any thread may read.
package final class ConnectionCounters: Sendable {
  private let streamsOpened = Atomic<Int>(0)
  private let streamsClosed = Atomic<Int>(0)
  private let unfinishedResets = Atomic<Int>(0)
  private let finishedResets = Atomic<Int>(0)
  private let bytesReceived = Atomic<Int>(0)
  private let bytesSent = Atomic<Int>(0)

  /// Nothing counted.
  package init() {}

  func opened() { Self.add(1, to: streamsOpened) }

  func closed(isReset: Bool, wasFinished: Bool) {
    Self.add(1, to: streamsClosed)
    if isReset {
      if wasFinished { Self.add(1, to: finishedResets) } else { Self.add(1, to: unfinishedResets) }
    }
  }

  func received(_ bytes: Int) { Self.add(bytes, to: bytesReceived) }

  func sent(_ bytes: Int) { Self.add(bytes, to: bytesSent) }

  @inline(__always)
  private static func add(_ amount: Int, to counter: borrowing Atomic<Int>) {
    counter.store(counter.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
  }

  /// The counts so far.
  package var statistics: TransportStatistics {
    var statistics = TransportStatistics()
    statistics.connections = 1
    statistics.streamsOpened = streamsOpened.load(ordering: .relaxed)
    statistics.streamsClosed = streamsClosed.load(ordering: .relaxed)
    statistics.unfinishedResets = unfinishedResets.load(ordering: .relaxed)
    statistics.finishedResets = finishedResets.load(ordering: .relaxed)
    statistics.bytesReceived = bytesReceived.load(ordering: .relaxed)
    statistics.bytesSent = bytesSent.load(ordering: .relaxed)
    return statistics
  }
}
