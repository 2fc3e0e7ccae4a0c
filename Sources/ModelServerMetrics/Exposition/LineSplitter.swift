#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Cuts a page that arrives in pieces into lines, and hands on those that the filter admits.
///
/// A line that is cut by the end of a piece is carried over, up to ``maximumLineLength`` bytes. Where pieces are cut
/// does not change the outcome.
struct LineSplitter {
  /// Longer lines are skipped, in bytes without the line feed.
  static let maximumLineLength = 64 * 1024

  private var carry: [UInt8] = []
  /// The rest of the current line is of no interest.
  private var isSkipping = false

  /// Forgets an unfinished line.
  mutating func reset() {
    carry.removeAll(keepingCapacity: true)
    isSkipping = false
  }

  mutating func feed(_ piece: UnsafeBufferPointer<UInt8>, filter: LineFilter, into page: inout PageReader) {
    guard var cursor = piece.baseAddress, !piece.isEmpty else { return }
    let end = cursor + piece.count
    if isSkipping || !carry.isEmpty {
      guard let newline = Self.newline(cursor, end) else {
        hold(cursor, end - cursor, filter: filter)
        return
      }
      finishCarried(cursor, newline - cursor, filter: filter, into: &page)
      cursor = newline + 1
    }
    cursor = filter.withTables { tables in
      var cursor = cursor
      while let newline = Self.newline(cursor, end) {
        let length = newline - cursor
        if tables.admits(cursor, length), length <= Self.maximumLineLength {
          page.read(UnsafeBufferPointer(start: cursor, count: length))
        }
        cursor = newline + 1
      }
      return cursor
    }
    if cursor < end { hold(cursor, end - cursor, filter: filter) }
  }

  /// The page is over; a last line without a line feed counts.
  mutating func finish(filter: LineFilter, into page: inout PageReader) {
    if !isSkipping, !carry.isEmpty { readCarry(filter: filter, into: &page) }
    reset()
  }

  private mutating func hold(_ start: UnsafePointer<UInt8>, _ count: Int, filter: LineFilter) {
    guard !isSkipping else { return }
    guard carry.count + count <= Self.maximumLineLength else {
      carry.removeAll(keepingCapacity: true)
      isSkipping = true
      return
    }
    if carry.isEmpty, count >= filter.decisiveLength, !filter.withTables({ $0.admits(start, count) }) {
      isSkipping = true
      return
    }
    carry.append(contentsOf: UnsafeBufferPointer(start: start, count: count))
  }

  private mutating func finishCarried(
    _ start: UnsafePointer<UInt8>, _ count: Int, filter: LineFilter, into page: inout PageReader
  ) {
    hold(start, count, filter: filter)
    if !isSkipping { readCarry(filter: filter, into: &page) }
    reset()
  }

  private func readCarry(filter: LineFilter, into page: inout PageReader) {
    carry.withUnsafeBufferPointer { line in
      guard let start = line.baseAddress, filter.withTables({ $0.admits(start, line.count) }) else { return }
      page.read(line)
    }
  }

  @inline(__always)
  private static func newline(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
    // libc scans with vector instructions and is faster than a loop here for lines of ordinary length.
    guard start < end, let found = memchr(start, 0x0A, end - start) else { return nil }
    return UnsafePointer(found.assumingMemoryBound(to: UInt8.self))
  }
}
