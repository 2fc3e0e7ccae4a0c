/// Reads the fields of one mapping: how a plugin's factory gets its parameters.
///
/// ```swift
/// let blockSize = parameters.int("blockSizeTokens", default: 16, range: 1...)
/// let interval = parameters.duration("interval", default: .seconds(1))
/// try parameters.finish()
/// ```
///
/// Getters don't throw: they note what is wrong and return the default, so that one start-up reports every mistake.
/// ``finish()`` then throws all of them at once, together with the fields that no getter asked for. An explicit null
/// counts as an absent field, as it does in Go. Field names of plugin parameters match without regard to letter case,
/// an exact match first; the sections of the document itself match exactly.
///
/// A decoder is used by one thread, for as long as a factory runs; it is not sendable.
public final class ParameterDecoder {
  /// How field names are compared.
  package enum KeyMatching {
    case exact
    case ignoringCase
  }

  /// Where the mapping stands in the document.
  public let location: SourceLocation

  private let entries: [ConfigNode.Entry]
  private let keyMatching: KeyMatching
  private let unknownFields: UnknownFieldPolicy
  private var knownNames: [String] = []
  private var usedEntries: Set<Int> = []
  private var children: [ParameterDecoder] = []
  private var problemsFound: [ConfigurationProblem] = []
  private var warningsFound: [ConfigurationProblem] = []
  private var records: [Record] = []
  private var hasCheckedUnknownFields = false

  private enum Record {
    case value(EffectiveParameter)
    case section(name: String, ParameterDecoder)
    case sections(name: String, [ParameterDecoder])
  }

  /// - Parameters:
  ///   - node: the parameters; `nil` or a null for a plugin without any.
  ///   - location: where the parameters stand, or would stand.
  ///   - unknownFields: what becomes of fields that no getter asks for.
  public convenience init(_ node: ConfigNode?, at location: SourceLocation, unknownFields: UnknownFieldPolicy) {
    self.init(node, at: location, unknownFields: unknownFields, keyMatching: .ignoringCase)
  }

  package init(
    _ node: ConfigNode?, at location: SourceLocation, unknownFields: UnknownFieldPolicy, keyMatching: KeyMatching
  ) {
    self.location = node?.location ?? location
    self.unknownFields = unknownFields
    self.keyMatching = keyMatching
    if let node, !node.isNull {
      entries = node.entries ?? []
      if node.entries == nil { problemsFound.append(node.mismatch(expected: "a mapping")) }
    } else {
      entries = []
    }
  }
}

// MARK: Finishing

extension ParameterDecoder {
  /// Reports everything that is wrong with the fields read so far, and every field that was not asked for. May be
  /// called again; sections obtained by ``child(_:)`` are finished with their parent.
  public func finish() throws(ConfigurationError) {
    if let error = ConfigurationError(problems) { throw error }
  }

  /// Everything that is wrong, unknown fields included; to be asked after the last getter.
  package var problems: [ConfigurationProblem] {
    checkUnknownFields()
    let all = problemsFound + children.flatMap(\.problems)
    return all.enumerated().sorted { a, b in
      (a.element.location.line ?? 0, a.offset) < (b.element.location.line ?? 0, b.offset)
    }.map(\.element)
  }

  /// What should be changed without being wrong: deprecated fields and, under ``UnknownFieldPolicy/warn``, unknown ones.
  /// Complete after ``finish()``.
  public var warnings: [ConfigurationProblem] {
    warningsFound + children.flatMap(\.warnings)
  }

  /// The fields asked for so far with the values in force, in the order in which they were first asked for.
  public var effectiveParameters: [EffectiveParameter] {
    records.map { record in
      switch record {
      case .value(let parameter):
        parameter
      case .section(let name, let decoder):
        EffectiveParameter(name: name, value: decoder.effectiveValue, defaultValue: nil, isSet: true)
      case .sections(let name, let decoders):
        EffectiveParameter(
          name: name, value: .sequence(decoders.map(\.effectiveValue)), defaultValue: nil, isSet: true)
      }
    }
  }

  private var effectiveValue: YAMLValue {
    .mapping(effectiveParameters.map { YAMLValue.Field($0.name, $0.value) })
  }

  private func checkUnknownFields() {
    guard !hasCheckedUnknownFields else { return }
    hasCheckedUnknownFields = true
    for (index, entry) in entries.enumerated() where !usedEntries.contains(index) {
      let spelledTwice = knownNames.contains { matches(entry.key, $0) }
      if spelledTwice {
        problemsFound.append(
          ConfigurationProblem(entry.value.location, "duplicate field; it differs from another one only in letter case")
        )
        continue
      }
      let hint = NameSuggestion.hint(for: entry.key, among: knownNames)
      switch unknownFields {
      case .reject:
        problemsFound.append(ConfigurationProblem(entry.value.location, "unknown field\(hint)"))
      case .warn:
        warningsFound.append(ConfigurationProblem(entry.value.location, "unknown field, ignored\(hint)"))
      }
    }
  }
}

// MARK: Problems of meaning

extension ParameterDecoder {
  /// Notes that a field's value, though well formed, makes no sense; ``finish()`` will throw it.
  public func reject(_ name: String, _ message: String) {
    problemsFound.append(ConfigurationProblem(place(of: name), message))
  }

  /// Notes something about a field that the user should know and that does not stop the start.
  public func warn(_ name: String, _ message: String) {
    warningsFound.append(ConfigurationProblem(place(of: name), message))
  }

  /// Declares a field that is no longer to be written; a document that sets it gets a warning.
  ///
  /// - Parameters:
  ///   - name: the old name.
  ///   - replacement: what to write instead; `nil` when the field has lost its meaning.
  ///   - isHonoured: whether the caller goes on to read the old field.
  /// - Returns: whether the document sets the field.
  @discardableResult
  public func deprecated(_ name: String, use replacement: String? = nil, isHonoured: Bool = false) -> Bool {
    guard let node = node(name), !node.isNull else { return false }
    var message = isHonoured ? "deprecated" : "deprecated and ignored"
    if let replacement { message += "; use \"\(replacement)\"" }
    warningsFound.append(ConfigurationProblem(node.location, message))
    return true
  }

  private func place(of name: String) -> SourceLocation {
    entries.first { $0.key == name }?.value.location
      ?? entries.first { matches($0.key, name) }?.value.location
      ?? location.field(name)
  }
}

// MARK: What the typed getters are made of

extension ParameterDecoder {
  /// Whether the document sets the field to something other than null.
  public func isSet(_ name: String) -> Bool {
    node(name).map { !$0.isNull } ?? false
  }

  /// The field as it stands in the document, for values that no typed getter fits. Nulls are returned as nulls.
  public func node(_ name: String) -> ConfigNode? {
    if !knownNames.contains(name) { knownNames.append(name) }
    let index =
      entries.firstIndex { $0.key == name } ?? entries.firstIndex { matches($0.key, name) }
    guard let index else { return nil }
    usedEntries.insert(index)
    return entries[index].value
  }

  /// Reads a field by `convert`, which returns either the value or the message that says what was wrong.
  ///
  /// - Returns: the value, or the default when the field is absent or wrong.
  func read<Value>(
    _ name: String, default defaultValue: Value?, shownAs show: (Value) -> YAMLValue,
    convert: (ConfigNode) -> Result<Value, ConfigurationError>
  ) -> Value? {
    var value = defaultValue
    var isSet = false
    if let node = node(name), !node.isNull {
      switch convert(node) {
      case .success(let converted):
        value = converted
        isSet = true
      case .failure(let error):
        problemsFound += error.problems
      }
    }
    record(name, value: value.map(show) ?? .null, defaultValue: defaultValue.map(show), isSet: isSet)
    return value
  }

  /// Notes that a field without which the plugin can't work is absent.
  func require(_ name: String) {
    guard !isSet(name) else { return }
    problemsFound.append(ConfigurationProblem(place(of: name), "required, but not set"))
  }

  func record(_ name: String, value: YAMLValue, defaultValue: YAMLValue?, isSet: Bool) {
    let parameter = EffectiveParameter(name: name, value: value, defaultValue: defaultValue, isSet: isSet)
    let index = records.firstIndex { record in
      guard case .value(let earlier) = record else { return false }
      return earlier.name == name
    }
    if let index {
      records[index] = .value(parameter)
    } else {
      records.append(.value(parameter))
    }
  }

  /// A decoder for a nested mapping whose problems, warnings and values become part of this one's.
  func addChild(_ node: ConfigNode) -> ParameterDecoder {
    let child = ParameterDecoder(
      node, at: node.location, unknownFields: unknownFields, keyMatching: keyMatching)
    children.append(child)
    return child
  }

  func recordSection(_ name: String, _ decoder: ParameterDecoder) {
    records.append(.section(name: name, decoder))
  }

  func recordSections(_ name: String, _ decoders: [ParameterDecoder]) {
    records.append(.sections(name: name, decoders))
  }

  func note(_ problem: ConfigurationProblem) {
    problemsFound.append(problem)
  }

  private func matches(_ key: String, _ name: String) -> Bool {
    switch keyMatching {
    case .exact: key == name
    case .ignoringCase: key == name || key.lowercased() == name.lowercased()
    }
  }
}
