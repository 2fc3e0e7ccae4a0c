import Endpoints

/// The candidates a proxy allows, as it names them: `ip:port` for one endpoint, `ip` for all on that address. IPv6
/// addresses may stand in brackets.
enum SubsetHint {
  /// Indexes of the endpoints named, each once, in ascending order.
  static func indexes(of items: [String], in snapshot: EndpointSnapshot) -> [Int] {
    var found: Set<Int> = []
    for item in items {
      if let index = snapshot.index(ofAddress: item) {
        found.insert(index)
      } else if item.first == "[", item.last == "]" {
        found.formUnion(snapshot.indexes(ofHost: String(item.dropFirst().dropLast())))
      } else {
        found.formUnion(snapshot.indexes(ofHost: item))
      }
    }
    return found.sorted()
  }
}
