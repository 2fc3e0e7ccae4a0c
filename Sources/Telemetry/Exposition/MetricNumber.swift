/// Numbers as Prometheus clients in Go print them, so that bucket labels have the spelling that dashboards select by.
enum MetricNumber {
  /// The shortest decimal that reads back as `value`: plain below 10⁶ and from 10⁻⁴ up, with an exponent otherwise.
  ///
  /// - Parameter alwaysFractional: whether whole numbers get `.0`, as OpenMetrics wants of floats.
  static func append(_ value: Double, alwaysFractional: Bool, to text: inout [UInt8]) {
    if value.isNaN {
      text += "NaN".utf8
    } else if value.isInfinite {
      text += (value < 0 ? "-Inf" : "+Inf").utf8
    } else if let whole = Int(exactly: value), whole.magnitude < 1_000_000 {
      append(whole, to: &text)
      if alwaysFractional { text += ".0".utf8 }
    } else {
      appendShortest(value, to: &text)
    }
  }

  /// A whole number.
  static func append(_ value: some BinaryInteger, to text: inout [UInt8]) {
    text += String(value).utf8
  }

  private static func appendShortest(_ value: Double, to text: inout [UInt8]) {
    if value < 0 { text.append(UInt8(ascii: "-")) }
    let (digits, point) = decimal(value.magnitude)
    let exponent = point - 1
    if exponent < -4 || exponent >= 6 {
      appendExponential(digits, exponent: exponent, to: &text)
    } else if point <= 0 {
      text += "0.".utf8
      text += repeatElement(UInt8(ascii: "0"), count: -point)
      text += digits
    } else {
      text += digits.prefix(point)
      text += repeatElement(UInt8(ascii: "0"), count: max(0, point - digits.count))
      if digits.count > point {
        text.append(UInt8(ascii: "."))
        text += digits.dropFirst(point)
      }
    }
  }

  private static func appendExponential(_ digits: [UInt8], exponent: Int, to text: inout [UInt8]) {
    text += digits.prefix(1)
    if digits.count > 1 {
      text.append(UInt8(ascii: "."))
      text += digits.dropFirst()
    }
    text += (exponent < 0 ? "e-" : "e+").utf8
    if exponent.magnitude < 10 { text.append(UInt8(ascii: "0")) }
    text += String(exponent.magnitude).utf8
  }

  /// The shortest digits of a positive number without outer zeros, and how many of them stand before the point.
  private static func decimal(_ value: Double) -> (digits: [UInt8], point: Int) {
    var digits: [UInt8] = []
    var point: Int?
    var exponent = 0
    let description = value.description.utf8
    if let mark = description.firstIndex(of: UInt8(ascii: "e")) {
      exponent = Int(String(Substring(description[mark...].dropFirst()))) ?? 0
    }
    for byte in description {
      if byte == UInt8(ascii: "e") { break }
      if byte == UInt8(ascii: ".") { point = digits.count } else { digits.append(byte) }
    }
    var position = (point ?? digits.count) + exponent
    while digits.last == UInt8(ascii: "0"), digits.count > 1 { digits.removeLast() }
    while digits.first == UInt8(ascii: "0"), digits.count > 1 {
      digits.removeFirst()
      position -= 1
    }
    return (digits, position)
  }
}
