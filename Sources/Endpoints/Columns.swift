import CAccelerate
import Synchronization

/// The memory behind an ``EndpointTable``. Sized for its capacity at once, which costs address space only: pages are
/// touched when a slot is first used.
struct Columns: ~Copyable, @unchecked Sendable {
  // Unchecked: all access goes through atomics, or through bulk copies of naturally aligned words that cannot tear.
  private let values: UnsafeMutablePointer<Double>
  /// ``PendingLoad`` words.
  let pending: UnsafeMutablePointer<Atomic<UInt64>>
  let inFlight: UnsafeMutablePointer<Atomic<Int>>
  let inFlightTokens: UnsafeMutablePointer<Atomic<Int>>
  private let capacity: Int

  init(count: Int, capacity: Int) {
    self.capacity = capacity
    values = .allocate(capacity: count * capacity)
    pending = .allocate(capacity: capacity)
    inFlight = .allocate(capacity: capacity)
    inFlightTokens = .allocate(capacity: capacity)
  }

  deinit {
    values.deallocate()
    pending.deallocate()
    inFlight.deallocate()
    inFlightTokens.deallocate()
  }

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
    epp_store_f64(values + column * capacity + slot, value)
  }

  func load(column: Int, slot: Int) -> Double { epp_load_f64(values + column * capacity + slot) }

  func copy(column: Int, slots: Range<Int>, into destination: UnsafeMutablePointer<Double>) {
    epp_copy_column_f64(destination, values + column * capacity + slots.lowerBound, slots.count)
  }

  func updatePrefillSeconds(
    _ column: Int, tokens: Int, seconds: Int, rates: UnsafePointer<epp_prefill_rates>, slots: Range<Int>
  ) {
    func start(_ column: Int) -> UnsafeMutablePointer<Double> { values + column * capacity + slots.lowerBound }
    epp_update_prefill_seconds_f64(start(column), start(tokens), start(seconds), rates, slots.count)
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

  /// Calls with the columns that tell the load, from this slot on.
  func withLoad(from slot: Int, _ body: (UnsafePointer<epp_load_columns>) -> Void) {
    var columns = epp_load_columns(
      pending: UnsafeRawPointer(pending + slot).assumingMemoryBound(to: UInt64.self),
      in_flight: UnsafeRawPointer(inFlight + slot).assumingMemoryBound(to: Int64.self),
      in_flight_tokens: UnsafeRawPointer(inFlightTokens + slot).assumingMemoryBound(to: Int64.self),
      waiting: values + ColumnID.waitingQueueSize.index * capacity + slot,
      running: values + ColumnID.runningRequests.index * capacity + slot)
    body(&columns)
  }
}
