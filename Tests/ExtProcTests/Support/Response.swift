import CEnvoyProtos

/// An answer unpacked by protobuf-c.
struct Response {
  let message: UnsafeMutablePointer<Epp__ExtProc__ProcessingResponse>

  /// - Throws: when the bytes are not a `ProcessingResponse`.
  init(_ bytes: [UInt8]) throws {
    guard let message = epp__ext_proc__processing_response__unpack(nil, bytes.count, bytes) else {
      throw CannotUnpack()
    }
    self.message = message
  }

  func free() { epp__ext_proc__processing_response__free_unpacked(message, nil) }

  struct CannotUnpack: Error {}

  /// The headers a mutation sets: name, raw value, append action.
  static func headers(_ mutation: UnsafeMutablePointer<Epp__ExtProc__HeaderMutation>?) -> [SetHeader] {
    guard let mutation = mutation?.pointee else { return [] }
    return UnsafeBufferPointer(start: mutation.set_headers, count: mutation.n_set_headers).compactMap { option in
      guard let option, let header = option.pointee.header?.pointee else { return nil }
      return SetHeader(
        name: String(cString: header.key), value: String(cString: header.value),
        rawValue: String(decoding: array(header.raw_value), as: UTF8.self), action: option.pointee.append_action)
    }
  }

  struct SetHeader: Equatable {
    var name: String
    var value = ""
    var rawValue: String
    /// `OVERWRITE_IF_EXISTS_OR_ADD`.
    var action: UInt32 = 2
  }

  /// Dynamic metadata as `namespace/key=value`, in order; fields of structs as `namespace/struct/key=value`.
  static func metadata(_ structure: UnsafeMutablePointer<Google__Protobuf__Struct>?) -> [String] {
    fields(structure).flatMap { namespace, value -> [String] in
      guard let value, value.kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE else { return ["\(namespace)?"] }
      return metadata(value.struct_value, in: namespace)
    }
  }

  private static func metadata(
    _ structure: UnsafeMutablePointer<Google__Protobuf__Struct>?, in path: String
  ) -> [String] {
    fields(structure).flatMap { key, value -> [String] in
      switch value?.kind_case {
      case GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE?:
        ["\(path)/\(key)=\(value.map { String(cString: $0.string_value) } ?? "")"]
      case GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE?: ["\(path)/\(key)=\(value?.number_value ?? .nan)"]
      case GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE?: metadata(value?.struct_value, in: "\(path)/\(key)")
      default: ["\(path)/\(key)?"]
      }
    }
  }

  private static func fields(
    _ structure: UnsafeMutablePointer<Google__Protobuf__Struct>?
  ) -> [(String, Google__Protobuf__Value?)] {
    guard let structure = structure?.pointee else { return [] }
    return UnsafeBufferPointer(start: structure.fields, count: structure.n_fields).compactMap { entry in
      entry.map { (String(cString: $0.pointee.key), $0.pointee.value?.pointee) }
    }
  }
}

/// The bytes of a protobuf-c field.
func array(_ data: ProtobufCBinaryData) -> [UInt8] { Array(UnsafeBufferPointer(start: data.data, count: data.len)) }
