/// Cuts a stream of bytes, which comes in pieces of any size, into lines.
package struct LineSplitter {
  /// A line is longer than allowed.
  package struct LineTooLong: Error, Hashable {}

  /// Most bytes of a line; an object of the API has at most 1.5 MiB, its JSON can be longer.
  package let limit: Int
  private var rest: [UInt8] = []
  /// Bytes of ``rest`` known to hold no line feed.
  private var scanned = 0

  package init(limit: Int = 16 << 20) {
    self.limit = limit
  }

  /// Whether the stream has stopped inside a line.
  package var isInsideLine: Bool { !rest.isEmpty }

  /// Takes a piece and hands each line that it completes to `body`, without its line feed. Empty lines are left out.
  package mutating func append(
    _ piece: some Collection<UInt8>, _ body: (ArraySlice<UInt8>) throws -> Void
  ) throws {
    rest.append(contentsOf: piece)
    var start = 0
    while let end = rest[max(start, scanned)...].firstIndex(of: UInt8(ascii: "\n")) {
      guard end - start <= limit else { throw LineTooLong() }
      if end > start { try body(rest[start..<end]) }
      start = end + 1
      scanned = start
    }
    rest.removeFirst(start)
    scanned = rest.count
    guard rest.count <= limit else { throw LineTooLong() }
  }
}
