/// A value of Envoy's configuration in the JSON form of its protobuf messages, without types or order.
///
/// Field names are accepted in both spellings that the JSON form knows, `message_timeout` and `messageTimeout`. What is
/// absent, null or of another type than the one asked for reads as absent: Envoy itself has validated what it runs, and
/// a document it would refuse is for `envoy --mode validate` to explain.
public indirect enum EnvoyValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case list([EnvoyValue])
  case message([String: EnvoyValue])

  /// The field of a message; null where there is none.
  public subscript(_ field: String) -> EnvoyValue {
    guard case .message(let fields) = self else { return .null }
    return fields[field] ?? fields[Self.camelCase(field)] ?? .null
  }

  /// Whether nothing is there.
  public var isNull: Bool { self == .null }

  /// The elements of a list; empty for anything else.
  public var elements: [EnvoyValue] {
    guard case .list(let elements) = self else { return [] }
    return elements
  }

  /// The fields of a message, by name as written; empty for anything else.
  public var fields: [String: EnvoyValue] {
    guard case .message(let fields) = self else { return [:] }
    return fields
  }

  /// A text that is not empty.
  public var text: String? {
    guard case .string(let text) = self, !text.isEmpty else { return nil }
    return text
  }

  /// A truth value. JSON readers do not always tell 1 from true.
  public var bool: Bool? {
    switch self {
    case .bool(let value): value
    case .number(0): false
    case .number(1): true
    default: nil
    }
  }

  /// A whole number, also in the quoted spelling that the JSON form uses for 64 bits.
  public var integer: Int? {
    switch self {
    case .number(let value): Int(exactly: value)
    case .string(let text): Int(text)
    default: nil
    }
  }

  /// A duration in seconds, written `1.5s`.
  public var seconds: Double? {
    guard case .string(let text) = self, text.last == "s", let value = Double(text.dropLast()), value.isFinite else {
      return nil
    }
    return value
  }

  /// The message type of an `Any`, without its package: `ExternalProcessor`.
  public var typeName: String? {
    fields["@type"]?.text.map { String($0.split(separator: ".").last ?? "") }
  }

  private static func camelCase(_ name: String) -> String {
    var result = ""
    var raisesNext = false
    for character in name {
      if character == "_" {
        raisesNext = true
      } else {
        result += raisesNext ? character.uppercased() : String(character)
        raisesNext = false
      }
    }
    return result
  }
}
