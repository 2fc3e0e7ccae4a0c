import CAccelerate

/// Walks the elements of an array in order.
package struct JSONElements: Sequence, IteratorProtocol {
  private var cursor: epp_json_value
  private let end: UInt32

  @inline(__always)
  init(array: epp_json_value) {
    end = epp_json_end_index(array)
    cursor = array
    cursor.index = epp_json_first_index(array)
  }

  package var isEmpty: Bool { cursor.index >= end }

  @inline(__always)
  package mutating func next() -> JSONValue? {
    guard cursor.index < end else { return nil }
    let value = JSONValue(raw: cursor)
    cursor.index = epp_json_index_after(cursor)
    return value
  }
}
