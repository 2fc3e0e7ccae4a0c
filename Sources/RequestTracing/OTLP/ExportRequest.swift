/// `opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest`: the spans of one process.
enum ExportRequest {
  /// The method that takes it.
  static let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

  /// The message.
  static func encode(_ spans: [FinishedSpan], resource: [String: String]) -> [UInt8] {
    var writer = ProtobufWriter()
    writer.message(1) { resourceSpans in
      resourceSpans.message(1) { message in
        for (key, value) in resource.sorted(by: { $0.key < $1.key }) {
          Self.write(FinishedSpan.Attribute(key, .string(value)), in: 1, &message)
        }
      }
      resourceSpans.message(2) { scopeSpans in
        scopeSpans.message(1) { $0.string(1, "epp") }
        for span in spans { scopeSpans.message(2) { Self.write(span, &$0) } }
      }
    }
    return writer.bytes
  }

  private static func write(_ span: FinishedSpan, _ writer: inout ProtobufWriter) {
    writer.bytes(1, bigEndian(span.context.traceHigh) + bigEndian(span.context.traceLow))
    writer.bytes(2, bigEndian(span.context.spanID))
    if span.parentSpanID != 0 { writer.bytes(4, bigEndian(span.parentSpanID)) }
    writer.string(5, span.name)
    writer.varint(6, span.kind.rawValue)
    writer.fixed64(7, span.start)
    writer.fixed64(8, span.end)
    for attribute in span.attributes { write(attribute, in: 9, &writer) }
    if let error = span.error {
      writer.message(15) { status in
        status.string(2, error)
        status.varint(3, 2)
      }
    }
  }

  private static func write(_ attribute: FinishedSpan.Attribute, in field: UInt64, _ writer: inout ProtobufWriter) {
    writer.message(field) { pair in
      pair.string(1, attribute.key)
      pair.message(2) { value in
        switch attribute.value {
        // An empty text must still be there, or the value would have no type.
        case .string(let text): value.bytes(1, Array(text.utf8))
        case .integer(let number): value.explicitVarint(3, UInt64(bitPattern: Int64(number)))
        }
      }
    }
  }

  private static func bigEndian(_ value: UInt64) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }
}
