import CAccelerate

/// Reads server-sent events from chunks that may end anywhere: counts them and finds the usage.
///
/// Lines that lie in one chunk and don't say `"usage"` are only counted. A line that goes on in the next chunk is
/// scanned as it comes, so that no part of it is kept. One `data` line is taken for one event, as all inference APIs
/// write them.
struct EventStreamReader {
  private enum Line: UInt8 {
    /// Within the name of the field.
    case head
    /// At the white space before an event's data.
    case dataStart
    /// In an event's data.
    case data
    /// In an event's name.
    case eventName
    /// In a line that doesn't matter.
    case other
  }

  private enum EventKind: UInt8 {
    case unnamed
    case token
    case other
  }

  private static let dataField: StaticString = "data:"
  private static let eventField: StaticString = "event:"
  private static let newline = UInt8(ascii: "\n")

  private var needle: StaticString = "\"usage\""
  private var line = Line.head
  /// Bytes of the current line's head that were read.
  private var headCount = 0
  private var headIsEvent = false
  private var eventName = ShortText()
  private var kind = EventKind.unnamed

  mutating func begin(family: ResponseFamily) {
    needle = family == .sglang ? "\"meta_info\"" : "\"usage\""
    line = .head
    headCount = 0
    kind = .unnamed
  }

  /// Reads the stream's next bytes and adds what they hold to `reading`. True if they complete a usage object.
  ///
  /// - Parameter scanner: the response's own; it is in the middle of a line where a chunk ends there.
  mutating func read(
    _ bytes: UnsafeRawBufferPointer, with scanner: inout UsageScanner, into usage: inout Usage,
    reading: inout ChunkReading
  ) -> Bool {
    guard let base = bytes.baseAddress else { return false }
    var hasUpdated = false
    var index = 0
    while index < bytes.count {
      let newline = memchr(base + index, Int32(Self.newline), bytes.count - index).map { UnsafeRawPointer($0) - base }
      let piece = UnsafeRawBufferPointer(rebasing: bytes[index..<(newline ?? bytes.count)])
      let updated =
        newline != nil && line == .head && headCount == 0
        ? readWhole(piece, &scanner, into: &usage, reading: &reading)
        : readPart(piece, &scanner, into: &usage, reading: &reading)
      if updated { hasUpdated = true }
      guard let newline else { break }
      endLine()
      index = newline + 1
    }
    return hasUpdated
  }

  /// Reads a line that lies in one chunk.
  @inline(__always)
  private mutating func readWhole(
    _ bytes: UnsafeRawBufferPointer, _ scanner: inout UsageScanner, into usage: inout Usage, reading: inout ChunkReading
  ) -> Bool {
    guard bytes.starts(with: Self.dataField) else {
      // Blank lines, names and comments.
      return readPart(bytes, &scanner, into: &usage, reading: &reading)
    }
    // Its end is not that of a blank line.
    line = .other
    let start = JSONBytes.skipSpace(bytes, from: Self.dataField.utf8CodeUnitCount)
    guard start < bytes.count, beginEvent(bytes[start], reading: &reading) else { return false }
    guard let found = JSONBytes.index(of: needle, in: bytes, from: start), mayBeObject(bytes, after: found) else {
      return false
    }
    scanner.begin()
    return scanner.read(UnsafeRawBufferPointer(rebasing: bytes[start...]), into: &usage)
  }

  /// Whether the member whose key is at `position` is an object; `null` is frequent. True if it can't be told.
  private func mayBeObject(_ bytes: UnsafeRawBufferPointer, after position: Int) -> Bool {
    var index = JSONBytes.skipSpace(bytes, from: position + needle.utf8CodeUnitCount)
    guard index < bytes.count, bytes[index] == UInt8(ascii: ":") else { return true }
    index = JSONBytes.skipSpace(bytes, from: index + 1)
    guard index < bytes.count, bytes[index] != UInt8(ascii: "{") else { return true }
    // A second occurrence may be the one.
    return JSONBytes.index(of: needle, in: bytes, from: index) != nil
  }

  /// Reads part of a line.
  private mutating func readPart(
    _ bytes: UnsafeRawBufferPointer, _ scanner: inout UsageScanner, into usage: inout Usage, reading: inout ChunkReading
  ) -> Bool {
    var index = 0
    if line == .head { index = readHead(bytes) }
    if line == .dataStart {
      index = JSONBytes.skipSpace(bytes, from: index)
      guard index < bytes.count else { return false }
      line = beginEvent(bytes[index], reading: &reading) ? .data : .other
      scanner.begin()
    }
    let rest = UnsafeRawBufferPointer(rebasing: bytes[index...])
    switch line {
    case .data: return scanner.read(rest, into: &usage)
    case .eventName: eventName.append(rest)
    case .head, .dataStart, .other: break
    }
    return false
  }

  /// Takes the bytes of a field's name and returns the position after them.
  private mutating func readHead(_ bytes: UnsafeRawBufferPointer) -> Int {
    var index = 0
    while index < bytes.count, line == .head {
      if headCount == 0 { headIsEvent = bytes[index] == Self.eventField.utf8Start[0] }
      let field = headIsEvent ? Self.eventField : Self.dataField
      guard bytes[index] == field.utf8Start[headCount] else {
        // The carriage return of a blank line is not the beginning of a field.
        line = headCount == 0 && bytes[index] == UInt8(ascii: "\r") ? .head : .other
        if line == .head { headCount = 0 }
        index += 1
        continue
      }
      headCount += 1
      index += 1
      guard headCount == field.utf8CodeUnitCount else { continue }
      line = headIsEvent ? .eventName : .dataStart
      eventName.clear()
    }
    return index
  }

  /// Counts an event by the first byte of its data; false if it has no JSON, as the `[DONE]` at the end.
  @inline(__always)
  private mutating func beginEvent(_ first: UInt8, reading: inout ChunkReading) -> Bool {
    guard first != UInt8(ascii: "[") else { return false }
    reading.eventCount += 1
    if kind != .other { reading.tokenEventCount += 1 }
    return true
  }

  @inline(__always)
  private mutating func endLine() {
    if line == .eventName {
      kind = eventName.withBytes { Self.kind(ofEvent: $0) }
    } else if line == .head, headCount == 0 {
      // A blank line ends the event.
      kind = .unnamed
    }
    line = .head
    headCount = 0
  }

  /// Of APIs that name their events, those that carry tokens are deltas. The Messages API has one for the end, too.
  private static func kind(ofEvent name: UnsafeRawBufferPointer) -> EventKind {
    var start = 0
    var end = name.count
    while start < end, JSONBytes.isSpace(name[start]) { start += 1 }
    while end > start, JSONBytes.isSpace(name[end - 1]) { end -= 1 }
    let trimmed = UnsafeRawBufferPointer(rebasing: name[start..<end])
    if trimmed.isEmpty { return .unnamed }
    return RequestPath.hasSuffix(trimmed, "delta") && !trimmed.equals("message_delta") ? .token : .other
  }
}
