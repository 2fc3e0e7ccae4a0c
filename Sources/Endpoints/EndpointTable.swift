import CAccelerate
import Synchronization

/// All endpoints of a pool, as a structure of arrays.
///
/// Every endpoint has a slot for as long as it exists. Scraped values sit in columns indexed by slot; the set of
/// endpoints is an immutable ``EndpointSnapshot`` that is swapped on change. Columns are written by scrapers and read by
/// every event loop without locks; a reader can see one column newer than another, never a torn number.
public final class EndpointTable: Sendable {
  /// Most endpoints (living, or removed but still leased) a table can hold.
  public static let capacity = 32_768
  static let maximumColumns = 64

  struct State {
    var snapshot = EndpointSnapshot(version: 0, endpoints: [])
    var nextGeneration: UInt64 = 1
    /// Slots never used or free again.
    var firstUnused = 0
    var free: [Int] = []
    /// Slots of removed endpoints that may still be leased or held.
    var retired: [Int] = []
    /// Number of ``SlotHold``s by slot.
    var holds: [Int: Int] = [:]
    var columnNames: [String: Int] = [:]
    var columnCount = ColumnID.builtInCount
    /// The endpoints of the snapshot, once a change by identity needed them.
    var byID: [EndpointID: Endpoint]?
    var isClosed = false
  }

  let state = Mutex(State())
  let publishedVersion = Atomic<UInt64>(0)
  private let columns: Columns

  /// Creates an empty table.
  public init() {
    columns = Columns(count: Self.maximumColumns, capacity: Self.capacity)
  }

  // MARK: The set of endpoints

  /// Version of the current snapshot; cheap enough to ask for at every request.
  public var version: UInt64 { publishedVersion.load(ordering: .acquiring) }

  /// The current set. Takes a short lock; event loops keep the snapshot until ``version`` differs.
  public func snapshot() -> EndpointSnapshot { state.withLock { $0.snapshot } }

  /// Replaces the whole set, keeping the slots, values and counters of endpoints that stay.
  ///
  /// Of descriptors with the same identity the last one counts. Endpoints beyond ``capacity`` are left out.
  /// - Returns: what changed.
  @discardableResult
  public func replaceAll(with descriptors: [EndpointDescriptor]) -> EndpointChanges {
    state.withLock { state in
      let descriptors = state.isClosed ? [] : descriptors
      var wanted: [EndpointID: EndpointDescriptor] = [:]
      for descriptor in descriptors { wanted[descriptor.id] = descriptor }
      var changes = EndpointChanges()
      var next: [Endpoint] = []
      next.reserveCapacity(wanted.count)
      for endpoint in state.snapshot.endpoints {
        guard let descriptor = wanted.removeValue(forKey: endpoint.id) else {
          changes.removed.append(endpoint)
          state.retired.append(endpoint.slot)
          continue
        }
        guard descriptor != endpoint.descriptor else {
          next.append(endpoint)
          continue
        }
        let updated = Endpoint(descriptor, slot: endpoint.slot, generation: state.nextGeneration)
        state.nextGeneration += 1
        changes.updated.append(updated)
        next.append(updated)
      }
      // Document order, not dictionary order, so that slots are the same from run to run.
      for descriptor in descriptors {
        guard let last = wanted.removeValue(forKey: descriptor.id) else { continue }
        guard let slot = takeSlot(&state) else {
          changes.refused.append(last.id)
          continue
        }
        let endpoint = Endpoint(last, slot: slot, generation: state.nextGeneration)
        state.nextGeneration += 1
        changes.added.append(endpoint)
        next.append(endpoint)
      }
      guard !changes.isEmpty else { return changes }
      next.sort { $0.slot < $1.slot }
      state.byID = nil
      state.snapshot = EndpointSnapshot(replacing: state.snapshot, endpoints: next)
      publishedVersion.store(state.snapshot.version, ordering: .releasing)
      return changes
    }
  }

  /// The pool is gone: removes all endpoints and takes no more. Leases stay valid.
  /// - Returns: what was removed.
  @discardableResult
  public func close() -> EndpointChanges {
    state.withLock { $0.isClosed = true }
    return replaceAll(with: [])
  }

  /// Whether the pool is gone.
  public var isClosed: Bool { state.withLock { $0.isClosed } }

  func takeSlot(_ state: inout State) -> Int? {
    if state.free.isEmpty, !state.retired.isEmpty {
      state.retired.removeAll { slot in
        guard columns.inFlight[slot].load(ordering: .acquiring) == 0, state.holds[slot] == nil else { return false }
        state.free.append(slot)
        return true
      }
      // The lowest slot goes first, which keeps the slots of a pool close together.
      state.free.sort(by: >)
    }
    let slot: Int
    if let reused = state.free.popLast() {
      slot = reused
      // The counters stay: a loop that still has the old snapshot may place a request here at this moment, and its
      // lease takes back what it added.
      update(slot) { $0.forgotten() }
    } else if state.firstUnused < Self.capacity {
      slot = state.firstUnused
      state.firstUnused += 1
      columns.initializeCounters(slot: slot)
    } else {
      return nil
    }
    columns.resetValues(slot: slot, columnCount: state.columnCount)
    return slot
  }

  /// Keeps the endpoint's slot from being given to another endpoint until the hold ends.
  /// - Returns: nil when the endpoint has been removed.
  package func hold(_ endpoint: Endpoint) -> SlotHold? {
    let isLiving = state.withLock { state in
      guard state.snapshot.endpoint(inSlot: endpoint.slot)?.id == endpoint.id else { return false }
      state.holds[endpoint.slot, default: 0] += 1
      return true
    }
    return isLiving ? SlotHold(table: self, slot: endpoint.slot) : nil
  }

  func endHold(slot: Int) {
    state.withLock { state in
      guard let count = state.holds[slot] else { return }
      state.holds[slot] = count > 1 ? count - 1 : nil
    }
  }

  // MARK: Columns

  /// The column with this name, made at the first call.
  /// - Returns: nil when the table has no room for another column.
  public func column(named name: String) -> ColumnID? {
    state.withLock { state in
      if let index = state.columnNames[name] { return ColumnID(index: index) }
      guard state.columnCount < Self.maximumColumns else { return nil }
      let index = state.columnCount
      state.columnCount += 1
      state.columnNames[name] = index
      for slot in 0..<state.firstUnused { columns.store(.nan, column: index, slot: slot) }
      return ColumnID(index: index)
    }
  }

  /// Stores a scraped value. Any thread; one writer a slot at a time.
  public func store(_ value: Double, in column: ColumnID, slot: Int) {
    columns.store(value, column: column.index, slot: slot)
  }

  /// The value last stored.
  public func value(_ column: ColumnID, slot: Int) -> Double { columns.load(column: column.index, slot: slot) }

  /// Copies a column's values of these slots.
  public func copy(_ column: ColumnID, slots: Range<Int>, into destination: UnsafeMutablePointer<Double>) {
    columns.copy(column: column.index, slots: slots, into: destination)
  }

  /// Copies for these slots the number of requests placed that scraped values do not show yet.
  public func copyPendingRequests(slots: Range<Int>, into destination: UnsafeMutablePointer<Double>) {
    columns.copyPending(slots: slots, into: destination)
  }

  /// Copies the number of requests in flight of these slots.
  public func copyInFlightRequests(slots: Range<Int>, into destination: UnsafeMutablePointer<Double>) {
    columns.copyCounters(columns.inFlight, slots: slots, into: destination)
  }

  /// Copies the number of prompt tokens in flight of these slots.
  public func copyInFlightTokens(slots: Range<Int>, into destination: UnsafeMutablePointer<Double>) {
    columns.copyCounters(columns.inFlightTokens, slots: slots, into: destination)
  }

  /// Calls with the columns' memory from this slot on, which is valid during the call.
  package func withColumns<Result>(from slot: Int, _ body: (ColumnMemory) -> Result) -> Result {
    body(columns.memory(from: slot))
  }

  // MARK: Load

  /// Counts a request on an endpoint; the lease un-counts it.
  public func reserve(slot: Int, promptTokens: Int) -> Lease {
    Lease(table: self, slot: slot, tag: acquire(slot: slot, promptTokens: promptTokens), promptTokens: promptTokens)
  }

  /// Requests in flight on the endpoint, placed by this process.
  public func inFlightRequests(slot: Int) -> Int { columns.inFlight[slot].load(ordering: .relaxed) }

  /// Requests in flight on all endpoints, also on those that were removed meanwhile, placed by this process. Takes a lock.
  public var allInFlightRequests: Int {
    let used = state.withLock(\.firstUnused)
    return (0..<used).reduce(0) { $0 + inFlightRequests(slot: $1) }
  }

  /// Prompt tokens of requests in flight on the endpoint that wait for their first token.
  public func inFlightTokens(slot: Int) -> Int { columns.inFlightTokens[slot].load(ordering: .relaxed) }

  /// Requests placed on the endpoint that its scraped values do not show yet.
  public func pendingRequests(slot: Int) -> Int {
    PendingLoad(word: columns.pending[slot].load(ordering: .relaxed)).count
  }

  /// A scrape of the endpoint is about to be sent. Scraper only, one scrape at a time for each slot.
  public func scrapeStarted(slot: Int) { update(slot) { $0.startingScrape() } }

  /// The values of the scrape started last have been stored.
  public func scrapeSucceeded(slot: Int) { update(slot) { $0.finishingScrape() } }

  func acquire(slot: Int, promptTokens: Int) -> UInt16 {
    columns.inFlight[slot].add(1, ordering: .relaxed)
    columns.inFlightTokens[slot].add(promptTokens, ordering: .relaxed)
    return update(slot) { $0.reserving() }.epoch
  }

  func release(slot: Int, tag: UInt16, promptTokens: Int) {
    update(slot) { $0.releasing(tag: tag) }
    columns.inFlightTokens[slot].subtract(promptTokens, ordering: .relaxed)
    columns.inFlight[slot].subtract(1, ordering: .releasing)
  }

  func releaseTokens(slot: Int, _ promptTokens: Int) {
    columns.inFlightTokens[slot].subtract(promptTokens, ordering: .relaxed)
  }

  @discardableResult
  private func update(_ slot: Int, _ change: (PendingLoad) -> PendingLoad) -> PendingLoad {
    var old = columns.pending[slot].load(ordering: .relaxed)
    while true {
      let new = change(PendingLoad(word: old))
      let (exchanged, original) = columns.pending[slot].weakCompareExchange(
        expected: old, desired: new.word, ordering: .acquiringAndReleasing)
      if exchanged { return new }
      old = original
    }
  }
}
