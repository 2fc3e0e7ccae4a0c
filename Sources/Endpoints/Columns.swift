import CAccelerate
import Synchronization

/// The memory behind an ``EndpointTable``. Sized for its capacity at once, which costs address space only: pages are
/// touched when a slot is first used.
struct Columns: ~Copyable, @unchecked Sendable {
  // Unchecked: all access goes through atomics, or through bulk copies of naturally aligned words that cannot tear.

  /// Words by which a column is longer than the table, nine cache lines: with a power of two from one column to the next,
  /// a slot's values would all compete for the same few places of the processor's caches.
  private static let gap = 72

  private let memory: UnsafeMutableRawPointer
  private let values: UnsafeMutablePointer<Double>
  /// ``PendingLoad`` words.
  let pending: UnsafeMutablePointer<Atomic<UInt64>>
  let inFlight: UnsafeMutablePointer<Atomic<Int>>
  let inFlightTokens: UnsafeMutablePointer<Atomic<Int>>
  /// Words from a column to the next.
  private let stride: Int

  init(count: Int, capacity: Int) {
    let stride = capacity + Self.gap
    self.stride = stride
    let memory = UnsafeMutableRawPointer.allocate(byteCount: (count + 3) * stride * 8, alignment: 64)
    self.memory = memory
    func column<Word: ~Copyable>(_ index: Int, of type: Word.Type) -> UnsafeMutablePointer<Word> {
      (memory + index * stride * 8).bindMemory(to: type, capacity: capacity)
    }
    pending = column(0, of: Atomic<UInt64>.self)
    inFlight = column(1, of: Atomic<Int>.self)
    inFlightTokens = column(2, of: Atomic<Int>.self)
    values = (memory + 3 * stride * 8).bindMemory(to: Double.self, capacity: count * stride)
  }

  deinit { memory.deallocate() }

  /// Makes the counters of a slot that was never used before.
  func initializeCounters(slot: Int) {
    (pending + slot).initialize(to: Atomic(0))
    (inFlight + slot).initialize(to: Atomic(0))
    (inFlightTokens + slot).initialize(to: Atomic(0))
  }

  /// Takes back the values scraped from the slot's last endpoint.
  func resetValues(slot: Int, columnCount: Int) {
    for column in 0..<columnCount {
      store(column < ColumnID.builtInCount ? 0 : .nan, column: column, slot: slot)
    }
  }

  func store(_ value: Double, column: Int, slot: Int) {
    epp_store_f64(values + column * stride + slot, value)
  }

  func load(column: Int, slot: Int) -> Double { epp_load_f64(values + column * stride + slot) }

  func copy(column: Int, slots: Range<Int>, into destination: UnsafeMutablePointer<Double>) {
    epp_copy_column_f64(destination, values + column * stride + slots.lowerBound, slots.count)
  }

  // Atomics have the size and alignment of what they hold.

  func copyPending(slots: Range<Int>, into destination: UnsafeMutablePointer<Double>) {
    UnsafeRawPointer(pending + slots.lowerBound).withMemoryRebound(to: UInt64.self, capacity: slots.count) { words in
      // A ``PendingLoad`` keeps its counts in its two lowest fields.
      epp_copy_halves_f64(destination, words, slots.count)
    }
  }

  func copyCounters(
    _ counters: UnsafeMutablePointer<Atomic<Int>>, slots: Range<Int>, into destination: UnsafeMutablePointer<Double>
  ) {
    UnsafeRawPointer(counters + slots.lowerBound).withMemoryRebound(to: Int64.self, capacity: slots.count) { numbers in
      epp_copy_integers_f64(destination, numbers, slots.count)
    }
  }

  /// The memory from this slot on.
  func memory(from slot: Int) -> ColumnMemory {
    ColumnMemory(
      load: epp_load_columns(
        pending: UnsafeRawPointer(pending + slot).assumingMemoryBound(to: UInt64.self),
        in_flight: UnsafeRawPointer(inFlight + slot).assumingMemoryBound(to: Int64.self),
        in_flight_tokens: UnsafeRawPointer(inFlightTokens + slot).assumingMemoryBound(to: Int64.self),
        waiting: values + ColumnID.waitingQueueSize.index * stride + slot,
        running: values + ColumnID.runningRequests.index * stride + slot),
      values: values + slot, stride: stride)
  }
}

/// The memory of an endpoint table's columns from a slot on, for kernels that go through it while others store to it.
package struct ColumnMemory {
  /// The columns that tell the load.
  package let load: epp_load_columns
  fileprivate let values: UnsafeMutablePointer<Double>
  fileprivate let stride: Int

  /// A column of values.
  package subscript(column: ColumnID) -> UnsafeMutablePointer<Double> { values + column.index * stride }
}
