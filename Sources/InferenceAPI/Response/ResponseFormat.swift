/// How the body of a response is written.
package enum ResponseFormat: Sendable, Hashable {
  /// One JSON document. Bodies that turn out to be something else are left alone.
  case json
  /// Server-sent events.
  case eventStream
  /// gRPC frames.
  case grpc

  /// The format that a `content-type` names, in any case and with any parameters; JSON if there is none.
  package static func detect(contentType: UnsafeRawBufferPointer) -> ResponseFormat {
    if contains(contentType, "text/event-stream") { return .eventStream }
    if contains(contentType, "application/grpc") { return .grpc }
    return .json
  }

  /// Whether `text` holds `word`, which is in lower case.
  private static func contains(_ text: UnsafeRawBufferPointer, _ word: StaticString) -> Bool {
    let length = word.utf8CodeUnitCount
    guard text.count >= length else { return false }
    for start in 0...(text.count - length) {
      var matched = 0
      while matched < length {
        let byte = text[start + matched]
        let lower = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
        guard lower == word.utf8Start[matched] else { break }
        matched += 1
      }
      if matched == length { return true }
    }
    return false
  }
}
