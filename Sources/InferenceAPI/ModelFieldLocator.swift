/// Finds where a request body names its model, so that the name can be replaced without touching another byte.
package enum ModelFieldLocator {
  /// The range of the value of the top-level member `model` of a JSON object, a string's quotes included. Of several,
  /// the last one's, as that is the one servers go by. Nil if there is none.
  ///
  /// Meant for bodies that a parser has accepted; of others it finds some range inside the body or none.
  package static func valueRange(in body: UnsafeRawBufferPointer) -> Range<Int>? {
    var range: Range<Int>?
    JSONMemberScanner.scan(body) { key, value in
      if JSONMemberScanner.key(key, spells: "model") { range = value }
    }
    return range
  }
}
