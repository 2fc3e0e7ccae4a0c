/// A value to be printed as YAML, with its fields in order.
public indirect enum YAMLValue: Sendable, Hashable {
  /// A field of a mapping.
  public struct Field: Sendable, Hashable {
    /// The field's name; quoted on output when necessary.
    public let name: String
    /// The field's value.
    public let value: YAMLValue

    /// A field with its name and value.
    public init(_ name: String, _ value: YAMLValue) {
      self.name = name
      self.value = value
    }
  }

  case null
  case bool(Bool)
  case integer(Int)
  case double(Double)
  case string(String)
  case sequence([YAMLValue])
  case mapping([Field])

  /// The same value as a document node.
  public init(_ node: ConfigNode) {
    switch node.content {
    case .scalar(.null): self = .null
    case .scalar(.bool(let value)): self = .bool(value)
    case .scalar(.integer(let value)): self = .integer(value)
    case .scalar(.double(let value)): self = .double(value)
    case .scalar(.string(let value)): self = .string(value)
    case .sequence(let elements): self = .sequence(elements.map(YAMLValue.init))
    case .mapping(let entries): self = .mapping(entries.map { Field($0.key, YAMLValue($0.value)) })
    }
  }

  /// Block-style YAML that reads back as the same value, ending in a newline.
  public var yaml: String {
    var text = ""
    if let leaf {
      text = leaf + "\n"
    } else {
      write(to: &text, indent: 0)
    }
    return text
  }

  /// The value on one line, when it needs only one.
  private var leaf: String? {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .double(let value): Self.text(of: value)
    case .string(let value): Self.scalar(value)
    case .sequence(let elements): elements.isEmpty ? "[]" : nil
    case .mapping(let fields): fields.isEmpty ? "{}" : nil
    }
  }

  private func write(to text: inout String, indent: Int) {
    let margin = String(repeating: " ", count: indent)
    switch self {
    case .sequence(let elements):
      for element in elements {
        if let leaf = element.leaf {
          text += "\(margin)- \(leaf)\n"
        } else {
          var block = ""
          element.write(to: &block, indent: indent + 2)
          // The dash takes the place of the first line's last two spaces of margin.
          text += "\(margin)- " + block.dropFirst(indent + 2)
        }
      }
    case .mapping(let fields):
      for field in fields {
        let name = Self.scalar(field.name)
        if let leaf = field.value.leaf {
          text += "\(margin)\(name): \(leaf)\n"
        } else {
          text += "\(margin)\(name):\n"
          field.value.write(to: &text, indent: indent + 2)
        }
      }
    default:
      break
    }
  }

  private static func text(of value: Double) -> String {
    if value.isNaN { return ".nan" }
    if value.isInfinite { return value < 0 ? "-.inf" : ".inf" }
    return String(value)
  }

  /// A string without quotes where it would be read back as itself, else in double quotes.
  private static func scalar(_ value: String) -> String {
    guard value.isEmpty || !isPlain(value) || ConfigScalar(plain: value) != .string(value) else { return value }
    var quoted = "\""
    for character in value.unicodeScalars {
      switch character {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case "\r": quoted += "\\r"
      default:
        if character.value >= 0x20, character.value != 0x7F, character.value < 0x80 || character.properties.isAlphabetic
        {
          quoted.unicodeScalars.append(character)
        } else if character.value <= 0xFFFF {
          quoted += "\\u" + hexadecimal(character.value, width: 4)
        } else {
          quoted += "\\U" + hexadecimal(character.value, width: 8)
        }
      }
    }
    return quoted + "\""
  }

  private static func hexadecimal(_ value: UInt32, width: Int) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  /// Words, paths and references; anything with characters that YAML might take for syntax is quoted instead.
  private static func isPlain(_ value: String) -> Bool {
    func isWord(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    guard let first = value.utf8.first, isWord(first) else { return false }
    return value.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: "-") }
  }
}
