/// Blocks that endpoints are expected to hold, in the order in which they were added.
struct ExpectedBlocks {
  struct Item {
    let key: UInt64
    let endpoint: Int32
    let deadline: UInt64
  }

  /// Items at most; more are not expected.
  static let capacity = 1_000_000

  private var items: [Item] = []
  private var first = 0

  /// False when there is no room.
  mutating func append(key: UInt64, endpoint: Int32, deadline: UInt64) -> Bool {
    guard items.count - first < Self.capacity else { return false }
    items.append(Item(key: key, endpoint: endpoint, deadline: deadline))
    return true
  }

  /// Takes the oldest item if its deadline is not after `now`. All items have the same time to live, so that the oldest
  /// ends first.
  mutating func popFirst(now: UInt64) -> Item? {
    guard first < items.count, items[first].deadline <= now else { return nil }
    let item = items[first]
    first += 1
    if first == items.count || first >= 4_096 && 2 * first >= items.count {
      items.removeFirst(first)
      first = 0
    }
    return item
  }

  /// Takes all items of an endpoint.
  mutating func removeAll(of endpoint: Int32) -> [Item] {
    let taken = items[first...].filter { $0.endpoint == endpoint }
    guard !taken.isEmpty else { return [] }
    items = items[first...].filter { $0.endpoint != endpoint }
    first = 0
    return taken
  }
}
