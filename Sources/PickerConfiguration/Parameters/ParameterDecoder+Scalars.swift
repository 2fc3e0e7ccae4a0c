// The typed getters. Each comes in three forms: with a default, without one (an optional value), and `required…`, which
// makes the field's absence an error and returns a harmless placeholder that no plugin gets to see, because
// `finish()` throws.

extension ParameterDecoder {
  /// A whole number.
  public func int(
    _ name: String, default defaultValue: Int, range: some RangeExpression<Int> = Int.min...
  ) -> Int {
    readInt(name, default: defaultValue, range: range) ?? defaultValue
  }

  /// A whole number that may be left out.
  public func int(_ name: String, range: some RangeExpression<Int> = Int.min...) -> Int? {
    readInt(name, default: nil, range: range)
  }

  /// A whole number that must be given.
  public func requiredInt(_ name: String, range: some RangeExpression<Int> = Int.min...) -> Int {
    require(name)
    return readInt(name, default: nil, range: range) ?? 0
  }

  private func readInt(_ name: String, default defaultValue: Int?, range: some RangeExpression<Int>) -> Int? {
    read(name, default: defaultValue, shownAs: YAMLValue.integer) { node in
      guard case .scalar(.integer(let value)) = node.content else {
        return .failure(ConfigurationError(node.mismatch(expected: "an integer")))
      }
      return Self.check(value, within: range, at: node)
    }
  }

  /// A number; integers are taken as well. Neither infinite nor NaN.
  public func double(
    _ name: String, default defaultValue: Double, range: some RangeExpression<Double> = (-Double.infinity)...
  ) -> Double {
    readDouble(name, default: defaultValue, range: range) ?? defaultValue
  }

  /// A number that may be left out.
  public func double(_ name: String, range: some RangeExpression<Double> = (-Double.infinity)...) -> Double? {
    readDouble(name, default: nil, range: range)
  }

  /// A number that must be given.
  public func requiredDouble(_ name: String, range: some RangeExpression<Double> = (-Double.infinity)...) -> Double {
    require(name)
    return readDouble(name, default: nil, range: range) ?? 0
  }

  private func readDouble(
    _ name: String, default defaultValue: Double?, range: some RangeExpression<Double>
  ) -> Double? {
    read(name, default: defaultValue, shownAs: YAMLValue.double) { node in
      let value: Double
      switch node.content {
      case .scalar(.double(let number)) where number.isFinite: value = number
      case .scalar(.integer(let number)): value = Double(number)
      default: return .failure(ConfigurationError(node.mismatch(expected: "a number")))
      }
      return Self.check(value, within: range, at: node)
    }
  }

  /// `true` or `false`.
  public func bool(_ name: String, default defaultValue: Bool) -> Bool {
    readBool(name, default: defaultValue) ?? defaultValue
  }

  /// `true` or `false`, or left out.
  public func bool(_ name: String) -> Bool? {
    readBool(name, default: nil)
  }

  private func readBool(_ name: String, default defaultValue: Bool?) -> Bool? {
    read(name, default: defaultValue, shownAs: YAMLValue.bool) { node in
      guard case .scalar(.bool(let value)) = node.content else {
        return .failure(ConfigurationError(node.mismatch(expected: "true or false")))
      }
      return .success(value)
    }
  }

  /// Text; numbers and booleans must be quoted to count as text.
  public func string(_ name: String, default defaultValue: String) -> String {
    readString(name, default: defaultValue) ?? defaultValue
  }

  /// Text that may be left out.
  public func string(_ name: String) -> String? {
    readString(name, default: nil)
  }

  /// Text that must be given and not be empty.
  public func requiredString(_ name: String) -> String {
    require(name)
    let value = readString(name, default: nil)
    if value == "" { reject(name, "must not be empty") }
    return value ?? ""
  }

  private func readString(_ name: String, default defaultValue: String?) -> String? {
    read(name, default: defaultValue, shownAs: YAMLValue.string) { node in Self.text(of: node) }
  }

  /// One of a fixed set of words.
  public func enumeration<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, default defaultValue: Choice
  ) -> Choice {
    readEnumeration(name, default: defaultValue) ?? defaultValue
  }

  /// One of a fixed set of words, or left out.
  public func enumeration<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, of: Choice.Type
  ) -> Choice? {
    readEnumeration(name, default: nil)
  }

  private func readEnumeration<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, default defaultValue: Choice?
  ) -> Choice? {
    read(name, default: defaultValue, shownAs: { .string($0.rawValue) }) { node in
      let choices = Choice.allCases.map(\.rawValue)
      let list = choices.map { "\"\($0)\"" }.joined(separator: ", ")
      guard case .scalar(.string(let word)) = node.content, let choice = Choice(rawValue: word) else {
        return .failure(ConfigurationError(node.mismatch(expected: "one of \(list)")))
      }
      return .success(choice)
    }
  }

  /// A span of time in Go's syntax, such as `50ms`; the number 0 is taken as well.
  public func duration(
    _ name: String, default defaultValue: GoDuration, range: some RangeExpression<GoDuration> = GoDuration.zero...
  ) -> GoDuration {
    readDuration(name, default: defaultValue, range: range) ?? defaultValue
  }

  /// A span of time that may be left out.
  public func duration(
    _ name: String, range: some RangeExpression<GoDuration> = GoDuration.zero...
  ) -> GoDuration? {
    readDuration(name, default: nil, range: range)
  }

  private func readDuration(
    _ name: String, default defaultValue: GoDuration?, range: some RangeExpression<GoDuration>
  ) -> GoDuration? {
    read(name, default: defaultValue, shownAs: { .string($0.description) }) { node in
      let value: GoDuration?
      switch node.content {
      case .scalar(.string(let text)): value = GoDuration(text)
      case .scalar(.integer(0)): value = .zero
      default: value = nil
      }
      guard let value else {
        return .failure(ConfigurationError(node.mismatch(expected: "a duration such as \"50ms\" or \"1h30m\"")))
      }
      return Self.check(value, within: range, at: node)
    }
  }

  /// An amount in Kubernetes' syntax, such as `10Gi` or `500m`; plain numbers are taken as well.
  public func quantity(
    _ name: String, default defaultValue: Quantity, range: some RangeExpression<Quantity> = Quantity(0)...
  ) -> Quantity {
    readQuantity(name, default: defaultValue, range: range) ?? defaultValue
  }

  /// An amount that may be left out.
  public func quantity(_ name: String, range: some RangeExpression<Quantity> = Quantity(0)...) -> Quantity? {
    readQuantity(name, default: nil, range: range)
  }

  private func readQuantity(
    _ name: String, default defaultValue: Quantity?, range: some RangeExpression<Quantity>
  ) -> Quantity? {
    read(name, default: defaultValue, shownAs: { .string($0.text) }) { node in
      let value: Quantity?
      switch node.content {
      case .scalar(.string(let text)): value = Quantity(text)
      case .scalar(.integer(let number)): value = Quantity(Int64(number))
      case .scalar(.double(let number)): value = Quantity(String(number))
      default: value = nil
      }
      guard let value else {
        return .failure(ConfigurationError(node.mismatch(expected: "a quantity such as 1000, \"500m\" or \"10Gi\"")))
      }
      return Self.check(value, within: range, at: node)
    }
  }

  /// The text of a string node.
  static func text(of node: ConfigNode) -> Result<String, ConfigurationError> {
    switch node.content {
    case .scalar(.string(let value)):
      return .success(value)
    case .scalar(.integer), .scalar(.double), .scalar(.bool):
      let problem = node.mismatch(expected: "a string")
      return .failure(ConfigurationError(problem.location, problem.message + "; put it in quotes"))
    default:
      return .failure(ConfigurationError(node.mismatch(expected: "a string")))
    }
  }

  static func check<Value: Comparable>(
    _ value: Value, within range: some RangeExpression<Value>, at node: ConfigNode
  ) -> Result<Value, ConfigurationError> {
    if range.contains(value) { return .success(value) }
    return .failure(ConfigurationError(node.location, "must be \(limits(of: range)), found \(value)"))
  }

  private static func limits<Value: Comparable>(of range: some RangeExpression<Value>) -> String {
    switch range {
    case let range as PartialRangeFrom<Value>: "at least \(range.lowerBound)"
    case let range as PartialRangeThrough<Value>: "at most \(range.upperBound)"
    case let range as PartialRangeUpTo<Value>: "less than \(range.upperBound)"
    case let range as ClosedRange<Value>: "between \(range.lowerBound) and \(range.upperBound)"
    case let range as Range<Value>: "at least \(range.lowerBound) and less than \(range.upperBound)"
    default: "within \(range)"
    }
  }
}
