/// Which series of a metrics page to read: a metric name, and labels the series must have.
///
/// Written `name` or `name{label=value,…}` with or without quotes around values (EndpointPickerConfig, parameters of
/// `core-metrics-extractor`). Only equality is known.
package struct MetricSpec: Hashable, Sendable, CustomStringConvertible {
  /// A label a series must have; it may have others.
  package struct Label: Hashable, Sendable {
    package let name: String
    package let value: String
  }

  /// Longest metric name accepted, in bytes.
  package static let maximumNameLength = 255

  package let name: String
  package let labels: [Label]

  /// Creates a spec from names that are known to be well formed.
  init(name: String, labels: [Label]) {
    self.name = name
    self.labels = labels
  }

  /// Reads a spec from its text form.
  /// - Throws: ``MetricSpecError`` with the text and what is wrong with it.
  package init(_ text: String) throws(MetricSpecError) {
    var parser = MetricSpecParser(text)
    (name, labels) = try parser.parse()
  }

  /// Reads a spec that may be switched off: blank text gives nil.
  package static func optional(_ text: String) throws(MetricSpecError) -> MetricSpec? {
    guard text.utf8.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) else { return nil }
    return try MetricSpec(text)
  }

  /// The spec in text form, values quoted.
  package var description: String {
    guard !labels.isEmpty else { return name }
    return name + "{" + labels.map { "\($0.name)=\"\($0.value)\"" }.joined(separator: ",") + "}"
  }
}

/// Why the text of a ``MetricSpec`` cannot be used.
package struct MetricSpecError: Error, Equatable, CustomStringConvertible {
  /// The text as it was given.
  package let text: String
  package let reason: String

  package var description: String { "metric spec '\(text)': \(reason)" }
}

private struct MetricSpecParser {
  private let text: String
  private let bytes: [UInt8]
  private var position = 0

  init(_ text: String) {
    self.text = text
    self.bytes = Array(text.utf8)
  }

  mutating func parse() throws(MetricSpecError) -> (name: String, labels: [MetricSpec.Label]) {
    skipBlanks()
    let name = try identifier("metric name", colons: true)
    guard name.utf8.count <= MetricSpec.maximumNameLength else {
      throw error("metric name is longer than \(MetricSpec.maximumNameLength) bytes")
    }
    var labels: [MetricSpec.Label] = []
    skipBlanks()
    if take("{") {
      labels = try parseLabels()
      skipBlanks()
    }
    guard position == bytes.count else { throw error("unexpected text after position \(position)") }
    return (name, labels)
  }

  private mutating func parseLabels() throws(MetricSpecError) -> [MetricSpec.Label] {
    var labels: [MetricSpec.Label] = []
    while true {
      skipBlanks()
      if take("}") { return labels }
      let name = try identifier("label name", colons: false)
      guard !labels.contains(where: { $0.name == name }) else { throw error("label '\(name)' is given twice") }
      skipBlanks()
      guard take("=") else { throw error("label '\(name)' needs '=' and a value") }
      skipBlanks()
      labels.append(.init(name: name, value: try value(of: name)))
      skipBlanks()
      guard take(",") || peek == UInt8(ascii: "}") else {
        throw error(position == bytes.count ? "missing '}'" : "expected ',' or '}' after label '\(name)'")
      }
    }
  }

  private mutating func value(of label: String) throws(MetricSpecError) -> String {
    guard let quote = peek, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
      let start = position
      while let byte = peek, byte != UInt8(ascii: ","), byte != UInt8(ascii: "}") { position += 1 }
      var end = position
      while end > start, isBlank(bytes[end - 1]) { end -= 1 }
      return String(decoding: bytes[start..<end], as: UTF8.self)
    }
    position += 1
    var value: [UInt8] = []
    while let byte = peek {
      position += 1
      if byte == quote { return String(decoding: value, as: UTF8.self) }
      if byte == UInt8(ascii: "\\"), let escaped = peek {
        position += 1
        value.append(escaped == UInt8(ascii: "n") ? UInt8(ascii: "\n") : escaped)
      } else {
        value.append(byte)
      }
    }
    throw error("the value of label '\(label)' has no closing quote")
  }

  private mutating func identifier(_ what: String, colons: Bool) throws(MetricSpecError) -> String {
    let start = position
    while let byte = peek {
      let isLetter = (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
      let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
      guard
        isLetter || byte == UInt8(ascii: "_") || (colons && byte == UInt8(ascii: ":")) || (isDigit && position > start)
      else { break }
      position += 1
    }
    guard position > start else { throw error("expected a \(what) at position \(start)") }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipBlanks() {
    while let byte = peek, isBlank(byte) { position += 1 }
  }

  private func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

  private func error(_ reason: String) -> MetricSpecError { MetricSpecError(text: text, reason: reason) }
}
