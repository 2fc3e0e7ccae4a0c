import CAccelerate

/// One element of a parsed document: a borrowed view that lives as long as the parser's current document.
package struct JSONValue {
  package enum Kind {
    case null, bool, integer, unsignedInteger, double, string, array, object
  }

  package let raw: epp_json_value

  @inline(__always)
  package init(raw: epp_json_value) {
    self.raw = raw
  }

  @inline(__always)
  package var kind: Kind {
    switch epp_json_type_of(raw) {
    case .bool: .bool
    case .int64: .integer
    case .uint64: .unsignedInteger
    case .double: .double
    case .string: .string
    case .array: .array
    case .object: .object
    case .null: .null
    }
  }

  package var isNull: Bool { kind == .null }

  /// The value of `true` or `false`.
  package var bool: Bool? {
    kind == .bool ? epp_json_get_bool(raw) : nil
  }

  /// The value of a number that is a whole number in `Int`'s range, `3.0` included.
  package var integer: Int? {
    switch kind {
    case .integer: Int(exactly: epp_json_get_int64(raw))
    case .double: Int(exactly: epp_json_get_double(raw))
    default: nil
    }
  }

  /// The value of a number of 0 or more.
  package var unsignedInteger: UInt64? {
    switch kind {
    case .integer: UInt64(exactly: epp_json_get_int64(raw))
    case .unsignedInteger: epp_json_get_uint64(raw)
    case .double: UInt64(exactly: epp_json_get_double(raw))
    default: nil
    }
  }

  /// The value of any number, rounded to a double.
  package var double: Double? {
    switch kind {
    case .integer: Double(epp_json_get_int64(raw))
    case .unsignedInteger: Double(epp_json_get_uint64(raw))
    case .double: epp_json_get_double(raw)
    default: nil
    }
  }

  /// The unescaped UTF-8 bytes of a string.
  @inline(__always)
  package var string: UnsafeRawBufferPointer? {
    guard kind == .string else { return nil }
    return UnsafeRawBufferPointer(start: epp_json_string_bytes(raw), count: epp_json_string_length(raw))
  }

  /// The elements of an array.
  @inline(__always)
  package var elements: JSONElements? {
    kind == .array ? JSONElements(array: raw) : nil
  }

  /// The members of an object.
  @inline(__always)
  package var members: JSONMembers? {
    kind == .object ? JSONMembers(object: raw) : nil
  }

  /// The last member of an object with this name; nil for other values.
  package func last(_ name: StaticString) -> JSONValue? {
    guard let members else { return nil }
    var found: JSONValue?
    for (key, value) in members where key.bytes.equals(name) { found = value }
    return found
  }

  /// The last member of an object with the same name as `name`; nil for other values.
  package func last(_ name: JSONKey) -> JSONValue? {
    guard let members else { return nil }
    var found: JSONValue?
    for (key, value) in members where key.bytes.elementsEqual(name.bytes) { found = value }
    return found
  }
}
