/// The headers of a request or response, read in place from an `envoy.config.core.v3.HeaderMap`.
///
/// A header's value is its `raw_value` if that is not empty, else its `value` (proxies use either). Names are in lower
/// case as HTTP/2 demands; when a name occurs more than once, the last occurrence counts. Valid as long as the bytes it
/// was made from.
public struct HeaderMapView: Sequence {
  /// A header.
  public typealias Element = (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)

  /// The encoded HeaderMap.
  public let bytes: UnsafeRawBufferPointer

  /// Creates a view of an encoded HeaderMap.
  public init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  /// The value of the last header with this name, nil without one.
  public func last(_ name: StaticString) -> UnsafeRawBufferPointer? {
    let wanted = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    return last { Self.equal($0, wanted) }
  }

  /// The value of the last header with this name, nil without one. The name is compared byte by byte.
  public func last(_ name: String) -> UnsafeRawBufferPointer? {
    var name = name
    return name.withUTF8 { wanted in last { Self.equal($0, UnsafeRawBufferPointer(wanted)) } }
  }

  @inline(__always)
  private func last(where matches: (UnsafeRawBufferPointer) -> Bool) -> UnsafeRawBufferPointer? {
    var found: UnsafeRawBufferPointer?
    for header in self where matches(header.name) { found = header.value }
    return found
  }

  /// Compares two runs of bytes.
  @inline(__always)
  static func equal(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
    guard first.count == second.count else { return false }
    for index in 0..<first.count where first[index] != second[index] { return false }
    return true
  }

  /// Walks the headers in order.
  public func makeIterator() -> Iterator { Iterator(reader: WireReader(bytes)) }

  /// Walks the headers in order; stops at the first malformed one.
  public struct Iterator: IteratorProtocol {
    fileprivate var reader: WireReader

    /// The next header.
    @inline(__always)
    public mutating func next() -> Element? {
      while let field = reader.next() {
        guard field.tag == 1 else { continue }
        var name = UnsafeRawBufferPointer(start: nil, count: 0)
        var value = name
        var rawValue = name
        var header = WireReader(field.bytes)
        while let part = header.next() {
          switch part.tag {
          case 1: name = part.bytes
          case 2: value = part.bytes
          case 3: rawValue = part.bytes
          default: break
          }
        }
        return (name, rawValue.isEmpty ? value : rawValue)
      }
      return nil
    }
  }
}
