import CAccelerate

/// A reusable, fully validating JSON parser. Not thread-safe: one per event loop.
///
/// Values and string bytes handed out by a parse live until the next `parse`, `releaseExcess` or the parser's end.
/// After the first few documents a parse allocates only for a document larger than any before it.
package final class JSONParser {
  /// Bytes that must be readable, whatever their value, behind every document handed to `parse`.
  package static let padding = Int(EPP_JSON_PADDING)

  private let handle: OpaquePointer?

  /// - Parameter maximumDocumentBytes: Larger documents are refused; at most 1 GiB.
  package init(maximumDocumentBytes: Int) {
    handle = epp_json_parser_create(max(0, maximumDocumentBytes))
  }

  deinit {
    epp_json_parser_destroy(handle)
  }

  /// Parses `document`, behind which `padding` bytes are readable.
  package func parse(_ document: UnsafeRawBufferPointer) throws(JSONError) -> JSONValue {
    guard let handle else { throw JSONError(message: "out of memory") }
    guard let start = document.baseAddress, document.count > 0 else {
      throw JSONError(message: "unexpected end of JSON input")
    }
    var root = epp_json_value()
    let code = epp_json_parse(handle, start, document.count, &root)
    guard code == 0 else { throw JSONError(message: String(cString: epp_json_error_message(code))) }
    return JSONValue(raw: root)
  }

  /// Gives buffers for documents above `bytes` back to the system. Ends the life of all values.
  package func releaseExcess(above bytes: Int) {
    guard let handle else { return }
    epp_json_parser_shrink(handle, bytes)
  }

  /// The largest document, in bytes, that parses without allocating.
  package var capacity: Int {
    guard let handle else { return 0 }
    return epp_json_parser_capacity(handle)
  }
}

/// Why a document is not JSON.
package struct JSONError: Error, Equatable {
  /// English text without position or trailing period.
  package let message: String

  package init(message: String) {
    self.message = message
  }
}
