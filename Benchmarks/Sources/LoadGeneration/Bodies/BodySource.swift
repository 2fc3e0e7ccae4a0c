import ByteStorage

/// Makes request bodies. For one thread.
///
/// Bodies are JSON as Go's encoder writes it (keys in order, no blanks, nothing to escape), so that pickers which parse
/// a body and write it anew send back the same bytes.
package protocol BodySource: AnyObject {
  /// Stores the next body into an empty block.
  func storeNext(into block: ByteBlock)
}

extension ByteBlock {
  func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

  func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
