import Foundation
import PickerConfiguration

extension EnvoyValue {
  /// The largest document that is read, in bytes. Dumps of large meshes have tens of megabytes.
  public static let maximumBytes = 256 << 20

  /// Reads a JSON or YAML document.
  /// - Parameter source: the name that errors give the document.
  /// - Throws: ``CheckError`` for anything that is neither.
  public static func parse(_ bytes: [UInt8], source: String) throws(CheckError) -> EnvoyValue {
    guard bytes.count <= maximumBytes else {
      throw CheckError("\(source): the document has more than the \(maximumBytes) bytes allowed")
    }
    let isBraced = bytes.first { !Self.isSpace($0) } == UInt8(ascii: "{")
    if isBraced, let object = try? JSONSerialization.jsonObject(with: Data(bytes)) { return EnvoyValue(object) }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CheckError("\(source): the document is not UTF-8 text")
    }
    do {
      return EnvoyValue(try ConfigNode.parse(text, source: source))
    } catch {
      throw CheckError("\(error)")
    }
  }

  /// Reads a file.
  public static func read(path: String) throws(CheckError) -> EnvoyValue {
    let bytes: [UInt8]
    do {
      bytes = try BoundedFile.bytes(at: path, limit: maximumBytes)
    } catch {
      throw CheckError("\(error)")
    }
    return try parse(bytes, source: path)
  }

  private init(_ object: Any) {
    switch object {
    case let fields as [String: Any]: self = .message(fields.mapValues(EnvoyValue.init(_:)))
    case let elements as [Any]: self = .list(elements.map(EnvoyValue.init(_:)))
    case let text as String: self = .string(text)
    case let number as NSNumber: self = .number(number.doubleValue)
    default: self = .null
    }
  }

  /// A node of a YAML document.
  init(_ node: ConfigNode) {
    switch node.content {
    case .scalar(.null): self = .null
    case .scalar(.bool(let value)): self = .bool(value)
    case .scalar(.integer(let value)): self = .number(Double(value))
    case .scalar(.double(let value)): self = .number(value)
    case .scalar(.string(let value)): self = .string(value)
    case .sequence(let elements): self = .list(elements.map(EnvoyValue.init(_:)))
    case .mapping(let entries):
      self = .message(Dictionary(entries.map { ($0.key, EnvoyValue($0.value)) }) { first, _ in first })
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

/// A document or an address that cannot be checked.
public struct CheckError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong.
  public let description: String

  /// An error with its message.
  public init(_ description: String) {
    self.description = description
  }
}
