import NIOCore

extension ByteBuffer {
  /// Appends the HELP and TYPE lines of a Prometheus family.
  mutating func writeFamily(_ name: String, type: String, help: String) {
    writeString("# HELP \(name) \(help)\n# TYPE \(name) \(type)\n")
  }

  /// Appends one sample the way Python's Prometheus client prints it.
  mutating func writeSample(_ name: String, _ labels: String, _ value: Double) {
    writeString(labels.isEmpty ? name : "\(name){\(labels)}")
    writeInteger(UInt8(ascii: " "))
    writeMetricValue(value)
    writeInteger(UInt8(ascii: "\n"))
  }

  /// Appends a value; whole numbers end in `.0`.
  mutating func writeMetricValue(_ value: Double) {
    if let whole = Int32(exactly: value) {
      writeString(String(whole))
      writeStaticString(".0")
    } else {
      writeString(value.description)
    }
  }

  /// Appends a counter with one sample and the creation time that Python's client adds.
  mutating func writeCounter(_ name: String, _ labels: String, _ value: Double, created: Double, help: String) {
    writeFamily("\(name)_total", type: "counter", help: help)
    writeSample("\(name)_total", labels, value)
    writeFamily("\(name)_created", type: "gauge", help: help)
    writeSample("\(name)_created", labels, created)
  }

  /// Appends a gauge family with one sample.
  mutating func writeGauge(_ name: String, _ labels: String, _ value: Double, help: String) {
    writeFamily(name, type: "gauge", help: help)
    writeSample(name, labels, value)
  }
}

/// Escapes a label value of the Prometheus text format.
func escapedLabelValue(_ value: String) -> String {
  var escaped = ""
  for character in value.unicodeScalars {
    switch character {
    case "\\": escaped += "\\\\"
    case "\"": escaped += "\\\""
    case "\n": escaped += "\\n"
    default: escaped.unicodeScalars.append(character)
    }
  }
  return escaped
}

/// A histogram's lines, with everything but the values rendered once.
struct HistogramLines: Sendable {
  private let head: ByteBuffer
  private let buckets: [ByteBuffer]
  private let count: ByteBuffer
  private let sum: ByteBuffer
  private let tail: ByteBuffer

  /// - Parameters:
  ///   - before: labels that sort before `le`, comma at the end if any.
  ///   - after: labels that sort behind `le`, comma at the front if any.
  init(_ name: String, help: String, bounds: [Double], before: String, after: String, created: Double) {
    var head = ByteBuffer()
    head.writeFamily(name, type: "histogram", help: help)
    self.head = head
    let limits = bounds.map(\.description) + ["+Inf"]
    self.buckets = limits.map { ByteBuffer(string: "\(name)_bucket{\(before)le=\"\($0)\"\(after)} ") }
    let labels = before.isEmpty ? String(after.dropFirst()) : String(before.dropLast()) + after
    self.count = ByteBuffer(string: "\(name)_count{\(labels)} ")
    self.sum = ByteBuffer(string: "\(name)_sum{\(labels)} ")
    var tail = ByteBuffer()
    tail.writeFamily("\(name)_created", type: "gauge", help: help)
    tail.writeSample("\(name)_created", labels, created)
    self.tail = tail
  }

  func write(_ histogram: Histogram, to page: inout ByteBuffer) {
    page.writeImmutableBuffer(head)
    var cumulated = 0
    for (line, count) in zip(buckets, histogram.counts) {
      cumulated += count
      page.writeImmutableBuffer(line)
      page.writeMetricValue(Double(cumulated))
      page.writeInteger(UInt8(ascii: "\n"))
    }
    page.writeImmutableBuffer(count)
    page.writeMetricValue(Double(histogram.count))
    page.writeInteger(UInt8(ascii: "\n"))
    page.writeImmutableBuffer(sum)
    page.writeMetricValue(histogram.sum)
    page.writeInteger(UInt8(ascii: "\n"))
    page.writeImmutableBuffer(tail)
  }
}
