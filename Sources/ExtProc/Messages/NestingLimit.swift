/// Bounds how deep values in metadata may nest. protobuf-c unpacks by recursion, so a message of some kilobytes could
/// otherwise exhaust the stack.
enum NestingLimit {
  /// Far deeper than any metadata that means something.
  private static let maximumDepth = 32

  /// Whether an encoded `envoy.config.core.v3.Metadata` stays within the limit.
  static func admits(metadata: UnsafeRawBufferPointer) -> Bool {
    var reader = WireReader(metadata)
    while let field = reader.next() {
      // FilterMetadataEntry { key = 1, Struct value = 2 }; typed metadata is never looked into.
      guard field.tag == 1 else { continue }
      var entry = WireReader(field.bytes)
      while let part = entry.next() {
        guard part.tag != 2 || admits(structure: part.bytes, depth: 1) else { return false }
      }
    }
    return true
  }

  /// Struct { FieldsEntry fields = 1 }, FieldsEntry { key = 1, Value value = 2 }.
  private static func admits(structure: UnsafeRawBufferPointer, depth: Int) -> Bool {
    var reader = WireReader(structure)
    while let field = reader.next() {
      guard field.tag == 1 else { continue }
      var entry = WireReader(field.bytes)
      while let part = entry.next() {
        guard part.tag != 2 || admits(value: part.bytes, depth: depth) else { return false }
      }
    }
    return true
  }

  /// Value { Struct struct_value = 5, ListValue list_value = 6 }, ListValue { Value values = 1 }.
  private static func admits(value: UnsafeRawBufferPointer, depth: Int) -> Bool {
    guard depth <= maximumDepth else { return false }
    var reader = WireReader(value)
    while let field = reader.next() {
      switch field.tag {
      case 5:
        guard admits(structure: field.bytes, depth: depth + 1) else { return false }
      case 6:
        var list = WireReader(field.bytes)
        while let item = list.next() {
          guard item.tag != 1 || admits(value: item.bytes, depth: depth + 1) else { return false }
        }
      default: break
      }
    }
    return true
  }
}
