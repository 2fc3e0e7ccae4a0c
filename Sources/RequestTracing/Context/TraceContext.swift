/// A span's place in a trace, as W3C Trace Context carries it in the header `traceparent`.
public struct TraceContext: Sendable, Hashable {
  /// The upper half of the trace's 16-byte id.
  public let traceHigh: UInt64
  /// The lower half of the trace's id, its random part.
  public let traceLow: UInt64
  /// The span's id, never 0.
  public let spanID: UInt64
  /// Whether the trace is being recorded.
  public let isSampled: Bool

  /// A context; ids must not be all zero.
  public init(traceHigh: UInt64, traceLow: UInt64, spanID: UInt64, isSampled: Bool) {
    self.traceHigh = traceHigh
    self.traceLow = traceLow
    self.spanID = spanID
    self.isSampled = isSampled
  }

  /// The same trace with another span in it.
  public func child(spanID: UInt64, isSampled: Bool) -> TraceContext {
    TraceContext(traceHigh: traceHigh, traceLow: traceLow, spanID: spanID, isSampled: isSampled)
  }
}

extension TraceContext {
  private static let length = 55
  private static let digits = Array("0123456789abcdef".utf8)

  /// Reads a header value.
  ///
  /// Values of later versions are read as far as this one goes, as the specification demands.
  /// - Returns: nil for anything that is not a valid `traceparent`; the trace then starts here.
  public init?(traceparent value: UnsafeRawBufferPointer) {
    guard value.count >= Self.length, let version = Self.hexadecimal(value, 0..<2), version != 0xFF,
      value[2] == UInt8(ascii: "-"), value[35] == UInt8(ascii: "-"), value[52] == UInt8(ascii: "-"),
      value.count == Self.length || (version > 0 && value[Self.length] == UInt8(ascii: "-")),
      let high = Self.hexadecimal(value, 3..<19), let low = Self.hexadecimal(value, 19..<35),
      let span = Self.hexadecimal(value, 36..<52), let flags = Self.hexadecimal(value, 53..<55),
      high | low != 0, span != 0
    else { return nil }
    self.init(traceHigh: high, traceLow: low, spanID: span, isSampled: flags & 1 == 1)
  }

  /// The header value.
  public var traceparent: String {
    var text: [UInt8] = Array("00-".utf8)
    text.reserveCapacity(Self.length)
    Self.append(traceHigh, to: &text)
    Self.append(traceLow, to: &text)
    text.append(UInt8(ascii: "-"))
    Self.append(spanID, to: &text)
    text += isSampled ? "-01".utf8 : "-00".utf8
    return String(decoding: text, as: UTF8.self)
  }

  private static func append(_ value: UInt64, to text: inout [UInt8]) {
    for shift in stride(from: 60, through: 0, by: -4) { text.append(digits[Int(value >> shift & 0xF)]) }
  }

  /// Lower-case digits only, as the specification demands.
  private static func hexadecimal(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> UInt64? {
    var value: UInt64 = 0
    for index in range {
      let digit: UInt8
      switch bytes[index] {
      case let byte where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte): digit = byte - UInt8(ascii: "0")
      case let byte where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte): digit = byte - UInt8(ascii: "a") + 10
      default: return nil
      }
      value = value << 4 | UInt64(digit)
    }
    return value
  }
}
