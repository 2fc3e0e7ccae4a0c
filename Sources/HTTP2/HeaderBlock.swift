import CNghttp2

/// A list of headers in memory that stays where it is, so that nghttp2 can refer to it.
///
/// Blocks that are sent over and over (the headers of a successful gRPC answer) are made once.
public final class HeaderBlock: @unchecked Sendable {
  // Unchecked: immutable after init.
  let entries: UnsafeMutableBufferPointer<nghttp2_nv>
  private let text: UnsafeMutableBufferPointer<UInt8>

  /// Creates a block; names must be in lower case.
  public init(_ headers: [(name: String, value: String)]) {
    text = .allocate(capacity: headers.reduce(1) { $0 + $1.name.utf8.count + $1.value.utf8.count })
    entries = .allocate(capacity: headers.count)
    var offset = 0
    func store(_ string: String) -> (UnsafeMutablePointer<UInt8>?, Int) {
      let start = offset
      for byte in string.utf8 {
        text[offset] = byte
        offset += 1
      }
      return (text.baseAddress.map { $0 + start }, offset - start)
    }
    for (index, header) in headers.enumerated() {
      let (name, nameLength) = store(header.name)
      let (value, valueLength) = store(header.value)
      entries.initializeElement(
        at: index,
        to: nghttp2_nv(
          name: name, value: value, namelen: nameLength, valuelen: valueLength, flags: HTTP2Constants.headerNoCopy))
    }
  }

  deinit {
    entries.deallocate()
    text.deallocate()
  }
}
