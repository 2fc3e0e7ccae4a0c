/// Where waiting requests are kept, so that queues move numbers rather than requests.
struct RequestSlots {
  /// A waiting request.
  struct Entry {
    let request: QueuedRequest
    let rank: Double
    let number: UInt64
    /// Its place in its queue.
    var position: Int
  }

  private var entries: [Entry?] = []
  private var free: [Int] = []
  private var lastNumber: UInt64 = 0

  subscript(slot: Int) -> Entry? { entries[slot] }

  /// All that wait, in no order.
  var waiting: some Sequence<(slot: Int, entry: Entry)> {
    entries.indices.lazy.compactMap { slot in entries[slot].map { (slot, $0) } }
  }

  /// Keeps a request.
  mutating func insert(_ request: QueuedRequest, rank: Double) -> FlowTicket {
    lastNumber += 1
    let entry = Entry(request: request, rank: rank.isNaN ? .infinity : rank, number: lastNumber, position: 0)
    if let slot = free.popLast() {
      entries[slot] = entry
      return FlowTicket(slot: slot, number: lastNumber)
    }
    entries.append(entry)
    return FlowTicket(slot: entries.count - 1, number: lastNumber)
  }

  /// The request of a ticket; nil when it does not wait any more.
  func entry(_ ticket: FlowTicket) -> Entry? {
    guard ticket.slot < entries.count, let entry = entries[ticket.slot], entry.number == ticket.number else {
      return nil
    }
    return entry
  }

  func ticket(_ slot: Int) -> FlowTicket { FlowTicket(slot: slot, number: entries[slot]?.number ?? 0) }

  mutating func remove(_ slot: Int) {
    entries[slot] = nil
    free.append(slot)
    guard free.count == entries.count else { return }
    // Nothing waits: the memory of the worst moment is given back.
    entries.removeAll(keepingCapacity: entries.count <= 1_024)
    free.removeAll(keepingCapacity: entries.capacity > 0)
  }

  mutating func move(_ slot: Int, to position: Int) { entries[slot]?.position = position }

  /// Whether the request in one slot goes before that in another.
  func goesFirst(_ slot: Int, before other: Int) -> Bool {
    guard let first = entries[slot], let second = entries[other] else { return false }
    return first.rank != second.rank ? first.rank < second.rank : first.number < second.number
  }
}
