/// The waiting requests of one flow: a binary heap of slots, from which any request can leave.
struct FlowQueue {
  let id: String
  private(set) var bytes = 0
  private var heap: [Int] = []

  init(id: String) {
    self.id = id
  }

  var count: Int { heap.count }
  /// The slot of the request that goes first.
  var first: Int? { heap.first }

  mutating func insert(_ slot: Int, _ slots: inout RequestSlots) {
    bytes += slots[slot]?.request.bytes ?? 0
    heap.append(slot)
    rise(heap.count - 1, &slots)
  }

  /// Takes out the request at a position of the heap.
  mutating func remove(at position: Int, _ slots: inout RequestSlots) {
    let slot = heap[position]
    bytes -= slots[slot]?.request.bytes ?? 0
    let last = heap.removeLast()
    guard position < heap.count else { return }
    heap[position] = last
    slots.move(last, to: position)
    sink(position, &slots)
    rise(position, &slots)
  }

  private mutating func rise(_ start: Int, _ slots: inout RequestSlots) {
    var position = start
    let slot = heap[position]
    while position > 0 {
      let parent = (position - 1) / 2
      guard slots.goesFirst(slot, before: heap[parent]) else { break }
      heap[position] = heap[parent]
      slots.move(heap[position], to: position)
      position = parent
    }
    heap[position] = slot
    slots.move(slot, to: position)
  }

  private mutating func sink(_ start: Int, _ slots: inout RequestSlots) {
    var position = start
    let slot = heap[position]
    while true {
      var child = 2 * position + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, slots.goesFirst(heap[child + 1], before: heap[child]) { child += 1 }
      guard slots.goesFirst(heap[child], before: slot) else { break }
      heap[position] = heap[child]
      slots.move(heap[position], to: position)
      position = child
    }
    heap[position] = slot
    slots.move(slot, to: position)
  }
}
