/// A bounded map that knows which of its entries was used last, and when. Every operation takes constant time.
struct RecencyMap<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Node {
    var key: Key
    var value: Value
    var usedAt: Double
    var newer: Int
    var older: Int
  }

  private static var none: Int { -1 }

  private let capacity: Int
  private var nodes: [Node] = []
  private var free: [Int] = []
  private var places: [Key: Int] = [:]
  private var newest = -1
  private var oldest = -1

  /// - Parameter capacity: entries kept at most, 1 or more.
  init(capacity: Int) {
    self.capacity = max(1, capacity)
  }

  var count: Int { places.count }

  /// The value of a key, unless it was used last before a time.
  func value(of key: Key, usedSince time: Double) -> Value? {
    guard let place = places[key], nodes[place].usedAt >= time else { return nil }
    return nodes[place].value
  }

  /// Stores a value as the one used last.
  mutating func set(_ value: Value, for key: Key, at time: Double) {
    if let place = places[key] {
      nodes[place].value = value
      nodes[place].usedAt = time
      unlink(place)
      linkNewest(place)
      return
    }
    if places.count >= capacity { remove(oldest) }
    let node = Node(key: key, value: value, usedAt: time, newer: Self.none, older: Self.none)
    let place: Int
    if let reused = free.popLast() {
      place = reused
      nodes[place] = node
    } else {
      place = nodes.count
      nodes.append(node)
    }
    places[key] = place
    linkNewest(place)
  }

  /// Removes entries not used since a time, oldest first.
  mutating func removeOldest(usedBefore time: Double, atMost limit: Int) {
    for _ in 0..<limit {
      guard oldest != Self.none, nodes[oldest].usedAt < time else { return }
      remove(oldest)
    }
  }

  private mutating func remove(_ place: Int) {
    guard place != Self.none else { return }
    unlink(place)
    places[nodes[place].key] = nil
    free.append(place)
  }

  private mutating func unlink(_ place: Int) {
    let node = nodes[place]
    if node.newer != Self.none { nodes[node.newer].older = node.older } else { newest = node.older }
    if node.older != Self.none { nodes[node.older].newer = node.newer } else { oldest = node.newer }
  }

  private mutating func linkNewest(_ place: Int) {
    nodes[place].newer = Self.none
    nodes[place].older = newest
    if newest != Self.none { nodes[newest].newer = place } else { oldest = place }
    newest = place
  }
}
