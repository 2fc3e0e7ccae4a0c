/// The waiting requests of one priority.
struct FlowBand {
  let priority: Int
  let settings: FlowControlSettings.Band
  /// Flows that wait, by id.
  private(set) var flows: [FlowQueue] = []
  private(set) var count = 0
  private(set) var bytes = 0
  /// The flow chosen last.
  var previous: String?
  /// Since when nothing waits, in seconds.
  var emptySince = 0.0

  init(priority: Int, settings: FlowControlSettings.Band) {
    self.priority = priority
    self.settings = settings
  }

  mutating func insert(_ slot: Int, _ request: QueuedRequest, _ slots: inout RequestSlots) {
    let index = place(of: request.flow.id)
    if index == flows.count || flows[index].id != request.flow.id {
      flows.insert(FlowQueue(id: request.flow.id), at: index)
    }
    flows[index].insert(slot, &slots)
    count += 1
    bytes += request.bytes
  }

  /// Takes a request out of its flow. Flows in which nobody waits are forgotten.
  mutating func remove(_ entry: RequestSlots.Entry, _ slots: inout RequestSlots) {
    let index = place(of: entry.request.flow.id)
    guard index < flows.count, flows[index].id == entry.request.flow.id else { return }
    flows[index].remove(at: entry.position, &slots)
    if flows[index].count == 0 { flows.remove(at: index) }
    count -= 1
    bytes -= entry.request.bytes
  }

  /// Where the flow with this id is or would be.
  private func place(of id: String) -> Int {
    var low = 0
    var high = flows.count
    while low < high {
      let middle = (low + high) / 2
      if flows[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
