/// A label of the line being read, as ranges of the line.
struct LabelSpan {
  var name: Range<Int>
  /// Between the quotes.
  var value: Range<Int>
  /// Whether the value has backslash escapes.
  var isEscaped: Bool
}

/// What follows the name on a sample line.
struct Sample {
  var value: Double
  /// Explicit timestamp; 0 if there is none.
  var timestamp: Double
}

/// Reads sample lines of the Prometheus text format and of OpenMetrics: labels, value, optional timestamp; what follows
/// a `#` (an exemplar) is left alone.
struct SampleParser {
  /// Lines with more labels are not read.
  static let maximumLabels = 256

  /// Labels of the line read last.
  private(set) var labels: [LabelSpan] = []

  /// Reads the line from `start`, the first byte after the metric name.
  /// - Returns: nil when the line breaks the format.
  mutating func parse(_ line: UnsafeBufferPointer<UInt8>, from start: Int) -> Sample? {
    labels.removeAll(keepingCapacity: true)
    var position = Self.skipBlanks(line, start)
    if position < line.count, line[position] == UInt8(ascii: "{") {
      guard let end = parseLabels(line, from: position + 1) else { return nil }
      position = Self.skipBlanks(line, end)
    }
    let valueEnd = Self.endOfToken(line, position)
    guard let value = NumberParser.double(UnsafeBufferPointer(rebasing: line[position..<valueEnd])) else { return nil }
    position = Self.skipBlanks(line, valueEnd)
    guard position < line.count, line[position] != UInt8(ascii: "#") else { return Sample(value: value, timestamp: 0) }
    let timestampEnd = Self.endOfToken(line, position)
    guard let timestamp = NumberParser.double(UnsafeBufferPointer(rebasing: line[position..<timestampEnd])) else {
      return nil
    }
    position = Self.skipBlanks(line, timestampEnd)
    guard position == line.count || line[position] == UInt8(ascii: "#") else { return nil }
    return Sample(value: value, timestamp: timestamp)
  }

  /// The label's value as it stands between the quotes.
  func label(_ name: [UInt8], in line: UnsafeBufferPointer<UInt8>) -> LabelSpan? {
    labels.first { span in span.name.count == name.count && line[span.name].elementsEqual(name) }
  }

  /// Calls `body` with every byte of the label's value, escapes undone.
  static func forEachByte(of label: LabelSpan, in line: UnsafeBufferPointer<UInt8>, _ body: (UInt8) -> Void) {
    var position = label.value.lowerBound
    while position < label.value.upperBound {
      var byte = line[position]
      position += 1
      if byte == UInt8(ascii: "\\"), position < label.value.upperBound {
        byte = line[position] == UInt8(ascii: "n") ? UInt8(ascii: "\n") : line[position]
        position += 1
      }
      body(byte)
    }
  }

  /// Whether the label's value, escapes undone, is `wanted`.
  static func value(of label: LabelSpan, in line: UnsafeBufferPointer<UInt8>, equals wanted: [UInt8]) -> Bool {
    guard label.isEscaped else {
      return label.value.count == wanted.count && line[label.value].elementsEqual(wanted)
    }
    var index = 0
    var isEqual = true
    forEachByte(of: label, in: line) { byte in
      isEqual = isEqual && index < wanted.count && wanted[index] == byte
      index += 1
    }
    return isEqual && index == wanted.count
  }

  /// - Returns: the position after the closing brace.
  private mutating func parseLabels(_ line: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var position = start
    while true {
      position = Self.skipBlanks(line, position)
      guard position < line.count else { return nil }
      if line[position] == UInt8(ascii: "}") { return position + 1 }
      let nameStart = position
      while position < line.count, line[position] != UInt8(ascii: "="), !Ascii.isBlank(line[position]) { position += 1 }
      let name = nameStart..<position
      position = Self.skipBlanks(line, position)
      guard !name.isEmpty, position < line.count, line[position] == UInt8(ascii: "=") else { return nil }
      position = Self.skipBlanks(line, position + 1)
      guard position < line.count, line[position] == UInt8(ascii: "\"") else { return nil }
      position += 1
      let valueStart = position
      var isEscaped = false
      while position < line.count, line[position] != UInt8(ascii: "\"") {
        if line[position] == UInt8(ascii: "\\") {
          isEscaped = true
          position += 1
        }
        position += 1
      }
      guard position < line.count, labels.count < Self.maximumLabels else { return nil }
      labels.append(LabelSpan(name: name, value: valueStart..<position, isEscaped: isEscaped))
      position = Self.skipBlanks(line, position + 1)
      guard position < line.count else { return nil }
      if line[position] == UInt8(ascii: ",") {
        position += 1
      } else if line[position] != UInt8(ascii: "}") {
        return nil
      }
    }
  }

  static func skipBlanks(_ line: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
    var position = start
    while position < line.count, Ascii.isBlank(line[position]) { position += 1 }
    return position
  }

  static func endOfToken(_ line: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
    var position = start
    while position < line.count, !Ascii.isBlank(line[position]) { position += 1 }
    return position
  }
}
