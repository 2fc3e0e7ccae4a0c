import CAccelerate

/// Walks the members of an object in document order. A duplicate key comes up again; who keeps the latest value seen
/// follows the usual rule that the last occurrence wins.
package struct JSONMembers: Sequence, IteratorProtocol {
  private var cursor: epp_json_value
  private let end: UInt32

  @inline(__always)
  init(object: epp_json_value) {
    end = epp_json_end_index(object)
    cursor = object
    cursor.index = epp_json_first_index(object)
  }

  @inline(__always)
  package mutating func next() -> (key: JSONKey, value: JSONValue)? {
    guard cursor.index < end else { return nil }
    let key = JSONKey(
      bytes: UnsafeRawBufferPointer(start: epp_json_string_bytes(cursor), count: epp_json_string_length(cursor)))
    cursor.index += 1
    let value = JSONValue(raw: cursor)
    cursor.index = epp_json_index_after(cursor)
    return (key, value)
  }
}

/// The unescaped bytes of a member's key or of a string that is one of a few known words. Matches string literals
/// in a `switch` without making a `String`.
package struct JSONKey {
  package let bytes: UnsafeRawBufferPointer

  @inline(__always)
  package init(bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  @inline(__always)
  package static func ~= (pattern: StaticString, key: JSONKey) -> Bool {
    key.bytes.equals(pattern)
  }
}

extension UnsafeRawBufferPointer {
  /// Whether these are the UTF-8 bytes of `literal`.
  @inline(__always)
  package func equals(_ literal: StaticString) -> Bool {
    guard count == literal.utf8CodeUnitCount, let baseAddress else { return isEmpty && literal.utf8CodeUnitCount == 0 }
    return memcmp(baseAddress, literal.utf8Start, count) == 0
  }

  /// Whether these begin with the UTF-8 bytes of `literal`.
  package func starts(with literal: StaticString) -> Bool {
    guard count >= literal.utf8CodeUnitCount, let baseAddress else { return literal.utf8CodeUnitCount == 0 }
    return memcmp(baseAddress, literal.utf8Start, literal.utf8CodeUnitCount) == 0
  }
}
