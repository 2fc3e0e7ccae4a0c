/// Things to be done later, each the same time after it was put in, so that they come out in the order they went in.
struct DueQueue {
  private var items: [(due: UInt64, stream: LoadStream, generation: Int)] = []
  private var first = 0

  /// When the first thing is due; nil when there is none.
  var next: UInt64? { first < items.count ? items[first].due : nil }

  mutating func append(_ stream: LoadStream, due: UInt64) {
    items.append((due, stream, stream.generation))
  }

  /// Takes out the first thing if it is due by `now`; streams that have ended meanwhile are left out.
  mutating func take(_ now: UInt64) -> LoadStream? {
    while first < items.count, items[first].due <= now {
      let item = items[first]
      first += 1
      if first > 1_024, first * 2 > items.count {
        items.removeFirst(first)
        first = 0
      }
      if item.stream.generation == item.generation { return item.stream }
    }
    return nil
  }
}
