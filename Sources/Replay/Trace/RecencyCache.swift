/// A set of numbers of limited size, in which the one used longest ago gives way.
struct RecencyCache {
  private struct Node {
    var key: UInt64
    var older: Int
    var newer: Int
  }

  private var nodes: [Node] = []
  private var places: [UInt64: Int] = [:]
  private let capacity: Int
  private var oldest = -1
  private var newest = -1

  /// - Parameter capacity: positive.
  init(capacity: Int) {
    self.capacity = capacity
  }

  func contains(_ key: UInt64) -> Bool { places[key] != nil }

  /// Adds a number, or makes it the newest.
  mutating func use(_ key: UInt64) {
    if let place = places[key] {
      unlink(place)
      append(place)
    } else if nodes.count < capacity {
      nodes.append(Node(key: key, older: -1, newer: -1))
      places[key] = nodes.count - 1
      append(nodes.count - 1)
    } else {
      let place = oldest
      places[nodes[place].key] = nil
      unlink(place)
      nodes[place].key = key
      places[key] = place
      append(place)
    }
  }

  private mutating func unlink(_ place: Int) {
    let node = nodes[place]
    if node.older >= 0 { nodes[node.older].newer = node.newer } else { oldest = node.newer }
    if node.newer >= 0 { nodes[node.newer].older = node.older } else { newest = node.older }
  }

  private mutating func append(_ place: Int) {
    nodes[place].older = newest
    nodes[place].newer = -1
    if newest >= 0 { nodes[newest].newer = place } else { oldest = place }
    newest = place
  }
}
