extension ParameterDecoder {
  /// A nested mapping with fields of its own; `nil` when it is absent. It is finished together with this decoder.
  public func child(_ name: String) -> ParameterDecoder? {
    guard let node = node(name), !node.isNull else {
      record(name, value: .null, defaultValue: nil, isSet: false)
      return nil
    }
    let child = addChild(node)
    recordSection(name, child)
    return child
  }

  /// A nested mapping with fields of its own whose defaults hold when it is absent.
  public func section(_ name: String) -> ParameterDecoder {
    let node = node(name).flatMap { $0.isNull ? nil : $0 }
    let child = addChild(node ?? ConfigNode(.mapping([]), at: location.field(name)))
    recordSection(name, child)
    return child
  }

  /// A list of mappings, one decoder for each; empty when the list is absent.
  public func children(_ name: String) -> [ParameterDecoder] {
    let children = elements(of: name).map(addChild)
    recordSections(name, children)
    return children
  }

  /// A list as it stands in the document; empty when it is absent.
  public func list(_ name: String) -> [ConfigNode] {
    let elements = elements(of: name)
    record(
      name, value: .sequence(elements.map(YAMLValue.init)), defaultValue: .sequence([]), isSet: isSet(name))
    return elements
  }

  /// A list of texts; wrong elements are reported and left out.
  public func strings(_ name: String, default defaultValue: [String] = []) -> [String] {
    values(name, default: defaultValue, shownAs: YAMLValue.string, convert: Self.text(of:))
  }

  /// A list of whole numbers; wrong elements are reported and left out.
  public func ints(
    _ name: String, default defaultValue: [Int] = [], range: some RangeExpression<Int> = Int.min...
  ) -> [Int] {
    values(name, default: defaultValue, shownAs: YAMLValue.integer) { node in
      guard case .scalar(.integer(let value)) = node.content else {
        return .failure(ConfigurationError(node.mismatch(expected: "an integer")))
      }
      return Self.check(value, within: range, at: node)
    }
  }

  /// A list of numbers; wrong elements are reported and left out.
  public func doubles(
    _ name: String, default defaultValue: [Double] = [], range: some RangeExpression<Double> = (-Double.infinity)...
  ) -> [Double] {
    values(name, default: defaultValue, shownAs: YAMLValue.double) { node in
      switch node.content {
      case .scalar(.double(let value)) where value.isFinite: Self.check(value, within: range, at: node)
      case .scalar(.integer(let value)): Self.check(Double(value), within: range, at: node)
      default: .failure(ConfigurationError(node.mismatch(expected: "a number")))
      }
    }
  }

  /// A mapping from free names to texts, such as labels, in document order.
  public func stringMap(_ name: String) -> [(key: String, value: String)] {
    guard let node = node(name), !node.isNull else {
      record(name, value: .mapping([]), defaultValue: .mapping([]), isSet: false)
      return []
    }
    guard let entries = node.entries else {
      note(node.mismatch(expected: "a mapping of names to strings"))
      return []
    }
    var pairs: [(key: String, value: String)] = []
    for entry in entries {
      switch Self.text(of: entry.value) {
      case .success(let value): pairs.append((entry.key, value))
      case .failure(let error): error.problems.forEach(note)
      }
    }
    let fields = pairs.map { YAMLValue.Field($0.key, .string($0.value)) }
    record(name, value: .mapping(fields), defaultValue: .mapping([]), isSet: true)
    return pairs
  }

  private func values<Value>(
    _ name: String, default defaultValue: [Value], shownAs show: (Value) -> YAMLValue,
    convert: (ConfigNode) -> Result<Value, ConfigurationError>
  ) -> [Value] {
    var values = defaultValue
    let isSet = isSet(name)
    if isSet {
      values = []
      for element in elements(of: name) {
        switch convert(element) {
        case .success(let value): values.append(value)
        case .failure(let error): error.problems.forEach(note)
        }
      }
    }
    record(
      name, value: .sequence(values.map(show)), defaultValue: .sequence(defaultValue.map(show)), isSet: isSet)
    return values
  }

  private func elements(of name: String) -> [ConfigNode] {
    guard let node = node(name), !node.isNull else { return [] }
    guard let elements = node.elements else {
      note(node.mismatch(expected: "a list"))
      return []
    }
    return elements
  }
}
