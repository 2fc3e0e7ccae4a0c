import Yams

extension ConfigNode {
  /// The largest document that is read, in bytes.
  public static let maximumBytes = 1 << 20
  /// The deepest nesting of lists and mappings.
  public static let maximumDepth = 64
  /// The most values a document may hold once its aliases are expanded; bounds documents that multiply by aliases.
  public static let maximumValues = 200_000

  /// Reads one YAML document; JSON is a subset of YAML, so JSON documents are read as well.
  ///
  /// - Parameters:
  ///   - text: the document, at most ``maximumBytes`` of UTF-8.
  ///   - source: the name that errors give the document.
  /// - Returns: the root value; a null for an empty document.
  /// - Throws: ``ConfigurationError`` for bad syntax, a duplicate key, a key that is not a scalar, several documents, or
  ///   a document beyond the limits.
  public static func parse(_ text: String, source: String) throws(ConfigurationError) -> ConfigNode {
    let root = try compose(text, source: source) { parser in try parser.singleRoot() }
    guard let root else { return ConfigNode(.scalar(.null), at: SourceLocation(source: source)) }
    var builder = TreeBuilder()
    return try builder.node(root, at: SourceLocation(source: source, line: root.mark?.line ?? 1), depth: 0)
  }

  /// Reads all documents of a text, which stand between lines of `---`; an empty one is a null. The limits hold for all
  /// of them together. Parameters and errors as for ``parse(_:source:)``.
  package static func parseAll(_ text: String, source: String) throws(ConfigurationError) -> [ConfigNode] {
    let roots = try compose(text, source: source) { parser in
      var roots: [Node] = []
      while let root = try parser.nextRoot() { roots.append(root) }
      return roots
    }
    var builder = TreeBuilder()
    var nodes: [ConfigNode] = []
    for root in roots {
      nodes.append(
        try builder.node(root, at: SourceLocation(source: source, line: root.mark?.line ?? 1), depth: 0))
    }
    return nodes
  }

  private static func compose<Result>(
    _ text: String, source: String, _ read: (Parser) throws -> Result
  ) throws(ConfigurationError) -> Result {
    let origin = SourceLocation(source: source)
    let size = text.utf8.count
    guard size <= maximumBytes else {
      throw ConfigurationError(origin, "the document has \(size) bytes, more than the \(maximumBytes) allowed")
    }
    do {
      return try read(try Parser(yaml: text, resolver: .basic, constructor: .default, encoding: .utf8))
    } catch let error as YamlError {
      throw ConfigurationError(problem(from: error, in: text, at: origin))
    } catch {
      throw ConfigurationError(origin, "unreadable YAML: \(error)")
    }
  }

  private static func problem(
    from error: YamlError, in text: String, at origin: SourceLocation
  ) -> ConfigurationProblem {
    func at(_ line: Int?) -> SourceLocation { SourceLocation(source: origin.source, line: line) }
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let detail = context.map { "\($0.text): " } ?? ""
      return ConfigurationProblem(at(mark.line), "bad YAML in column \(mark.column): \(detail)\(problem)")
    case .reader(let problem, let offset, _, _):
      let line = offset.map { 1 + text.utf8.prefix(max(0, $0)).count(where: { $0 == UInt8(ascii: "\n") }) }
      return ConfigurationProblem(at(line), "bad YAML: \(problem)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { "\"\($0)\"" }.joined(separator: ", ")
      return ConfigurationProblem(at(context.mark.line), "duplicate field \(names)")
    default:
      return ConfigurationProblem(origin, "bad YAML: \(error)")
    }
  }
}

/// Turns the parser's nodes into a ``ConfigNode`` tree within the limits.
private struct TreeBuilder {
  private var remaining = ConfigNode.maximumValues

  mutating func node(_ node: Node, at location: SourceLocation, depth: Int) throws(ConfigurationError) -> ConfigNode {
    guard depth <= ConfigNode.maximumDepth else {
      throw ConfigurationError(location, "nested more than \(ConfigNode.maximumDepth) levels deep")
    }
    remaining -= 1
    guard remaining >= 0 else {
      throw ConfigurationError(location, "the document holds more than \(ConfigNode.maximumValues) values")
    }
    switch node {
    case .scalar(let scalar):
      return ConfigNode(.scalar(Self.scalar(scalar)), at: location)
    case .sequence(let sequence):
      var elements: [ConfigNode] = []
      elements.reserveCapacity(sequence.count)
      for (index, element) in sequence.enumerated() {
        let place = location.element(index, line: element.mark?.line)
        elements.append(try self.node(element, at: place, depth: depth + 1))
      }
      return ConfigNode(.sequence(elements), at: location)
    case .mapping(let mapping):
      var entries: [ConfigNode.Entry] = []
      var seen: Set<String> = []
      entries.reserveCapacity(mapping.count)
      for (key, value) in mapping {
        guard case .scalar(let name) = key else {
          throw ConfigurationError(location, "a field name must be a word, not a list or a mapping")
        }
        let place = location.field(name.string, line: key.mark?.line)
        guard seen.insert(name.string).inserted else { throw ConfigurationError(place, "duplicate field") }
        entries.append(.init(key: name.string, value: try self.node(value, at: place, depth: depth + 1)))
      }
      return ConfigNode(.mapping(entries), at: location)
    case .alias:
      // The composer replaces every alias by the value it stands for.
      throw ConfigurationError(location, "unresolved alias")
    }
  }

  private static func scalar(_ scalar: Node.Scalar) -> ConfigScalar {
    let isPlain = scalar.style == .plain && scalar.tag.rawValue != Tag.Name.str.rawValue
    return isPlain ? ConfigScalar(plain: scalar.string) : .string(scalar.string)
  }
}
