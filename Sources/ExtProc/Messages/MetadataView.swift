import CEnvoyProtos

/// The dynamic metadata a proxy sends with a message (`metadata_context`), as far as a picker reads it.
public struct MetadataView {
  private let message: UnsafeMutablePointer<Epp__ExtProc__Metadata>

  /// Unpacks encoded metadata into the arena; nil if there is none.
  /// - Throws: when the bytes are not Metadata.
  public init?(_ bytes: UnsafeRawBufferPointer, arena: Arena) throws(ProcessingMessageError) {
    guard !bytes.isEmpty else { return nil }
    guard NestingLimit.admits(metadata: bytes) else { throw .malformed("Metadata") }
    guard
      let message = epp__ext_proc__metadata__unpack(
        arena.allocator, bytes.count, bytes.bindMemory(to: UInt8.self).baseAddress)
    else { throw .malformed("Metadata") }
    self.message = message
  }

  /// Whether a namespace is present, even if empty.
  public func contains(namespace: StaticString) -> Bool { fields(namespace) != nil }

  /// The strings of a field: those of a list, or the parts of a comma-separated string. Items of other kinds are left
  /// out.
  /// - Returns: nil when the field is absent or neither a list nor a string.
  public func strings(namespace: StaticString, key: StaticString) -> [String]? {
    guard let value = value(namespace, key) else { return nil }
    switch value.pointee.kind_case {
    case GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE:
      return String(cString: value.pointee.string_value).split(separator: ",").map { $0.trimmingSpaces() }
    case GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE:
      guard let list = value.pointee.list_value else { return [] }
      return UnsafeBufferPointer(start: list.pointee.values, count: list.pointee.n_values).compactMap { item in
        guard let item, item.pointee.kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE else { return nil }
        return String(cString: item.pointee.string_value)
      }
    default:
      return nil
    }
  }

  /// The text of a string field.
  public func string(namespace: StaticString, key: StaticString) -> String? {
    guard let value = value(namespace, key), value.pointee.kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE
    else { return nil }
    return String(cString: value.pointee.string_value)
  }

  private func fields(_ namespace: StaticString) -> UnsafeMutablePointer<Google__Protobuf__Struct>? {
    let entries = UnsafeBufferPointer(start: message.pointee.filter_metadata, count: message.pointee.n_filter_metadata)
    for case let entry? in entries where Self.equal(entry.pointee.key, namespace) { return entry.pointee.value }
    return nil
  }

  private func value(_ namespace: StaticString, _ key: StaticString) -> UnsafeMutablePointer<Google__Protobuf__Value>? {
    guard let fields = fields(namespace) else { return nil }
    let entries = UnsafeBufferPointer(start: fields.pointee.fields, count: fields.pointee.n_fields)
    for case let entry? in entries where Self.equal(entry.pointee.key, key) { return entry.pointee.value }
    return nil
  }

  private static func equal(_ text: UnsafeMutablePointer<CChar>?, _ other: StaticString) -> Bool {
    guard let text else { return false }
    for index in 0..<other.utf8CodeUnitCount where UInt8(bitPattern: text[index]) != other.utf8Start[index] {
      return false
    }
    return text[other.utf8CodeUnitCount] == 0
  }
}

extension Substring {
  fileprivate func trimmingSpaces() -> String {
    var part = self
    while part.first == " " { part.removeFirst() }
    while part.last == " " { part.removeLast() }
    return String(part)
  }
}
