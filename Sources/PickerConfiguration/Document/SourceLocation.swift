/// Where a value stands in a configuration document.
public struct SourceLocation: Sendable, Hashable {
  /// The file name, or a word such as `--config-text` for text that came from elsewhere.
  public let source: String
  /// The line, counted from 1; `nil` when the value is not written in the document.
  public let line: Int?
  /// The path of the value, such as `plugins[2].parameters.blockSize`; empty for the document itself.
  public let path: String

  /// A place in a document.
  public init(source: String, line: Int? = nil, path: String = "") {
    self.source = source
    self.line = line
    self.path = path
  }

  /// The location of a field of the value found here.
  public func field(_ name: String, line: Int? = nil) -> SourceLocation {
    SourceLocation(source: source, line: line ?? self.line, path: path.isEmpty ? name : "\(path).\(name)")
  }

  /// The location of an element of the list found here.
  public func element(_ index: Int, line: Int? = nil) -> SourceLocation {
    SourceLocation(source: source, line: line ?? self.line, path: "\(path)[\(index)]")
  }
}

extension SourceLocation: CustomStringConvertible {
  /// `config.yaml:12: plugins[2].parameters.blockSize`.
  public var description: String {
    let place = line.map { "\(source):\($0)" } ?? source
    return path.isEmpty ? place : "\(place): \(path)"
  }
}
