import Expressions
import InferenceAPI
import PickerConfiguration

/// `request-attribute-reporter`: tells the proxy a number computed of what a response cost, for a rate limiter that
/// charges tokens.
///
/// The expression, and the condition if there is one, are evaluated with the end of the response when its usage is
/// known. The result goes into the dynamic metadata of the answer, cut to a whole number, unless the condition is
/// false, a count that the expression asks for is missing, or the number is 0 or -1.
public struct RequestAttributeReporter: ResponseReporter {
  let namespace: String
  let name: String
  let expression: Expression
  let condition: Expression?

  /// Creates a reporter.
  /// - Parameters:
  ///   - expression: yields a number; see ``UsageNames`` for what it may say.
  ///   - condition: yields a boolean.
  public init(namespace: String, name: String, expression: Expression, condition: Expression? = nil) {
    self.namespace = namespace
    self.name = name
    self.expression = expression
    self.condition = condition
  }

  /// The number to report.
  public func report(_ usage: Usage) -> ResponseReport? {
    let values = UsageValues(usage: usage)
    if let condition, condition.evaluate(values) != 1 { return nil }
    let value = expression.evaluate(values).rounded(.towardZero)
    guard value.isFinite, value != 0, value != -1 else { return nil }
    return ResponseReport(namespace: namespace, name: name, value: value)
  }
}

/// What expressions over usage may say: `usage.prompt_tokens`, `usage.completion_tokens`, `usage.total_tokens` (0 when
/// the server does not tell them) and `usage.prompt_tokens_details.cached_tokens`.
public struct UsageNames: ExpressionNames {
  enum Count: Int, CaseIterable {
    case prompt
    case completion
    case total
    case cached

    /// The reference's misspelling of the last one is understood too.
    var names: [String] {
      switch self {
      case .prompt: ["usage.prompt_tokens", "usage.input_tokens"]
      case .completion: ["usage.completion_tokens", "usage.output_tokens"]
      case .total: ["usage.total_tokens"]
      case .cached:
        [
          "usage.prompt_tokens_details.cached_tokens", "usage.input_tokens_details.cached_tokens",
          "usage.prompt_token_details.cached_tokens",
        ]
      }
    }
  }

  /// Creates the names.
  public init() {}

  /// The count with this name.
  public func variable(_ name: String) -> ExpressionInput? {
    Count.allCases.first { $0.names.contains(name) }.map { ExpressionInput(id: $0.rawValue, type: .number) }
  }
}

private struct UsageValues: ExpressionValues {
  let usage: Usage

  func number(_ id: Int) -> Double {
    switch UsageNames.Count(rawValue: id) {
    case .prompt: Double(usage.promptTokens ?? 0)
    case .completion: Double(usage.completionTokens ?? 0)
    case .total: Double(usage.totalTokens ?? ((usage.promptTokens ?? 0) + (usage.completionTokens ?? 0)))
    case .cached: usage.cachedTokens.map(Double.init) ?? .nan
    case nil: .nan
    }
  }

  func text(_ id: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
}

extension PluginRegistration {
  static let requestAttributeReporter = PluginRegistration(type: "request-attribute-reporter") { context in
    let attributes = context.parameters.children("attributes")
    if attributes.count != 1 { context.parameters.reject("attributes", "exactly one attribute is supported") }
    guard let attribute = attributes.first else { return UnconfiguredReporter() }
    let key = attribute.child("key")
    if key == nil { attribute.reject("key", "required, but not set") }
    let namespace = key?.string("namespace", default: "envoy.lb") ?? ""
    let name = key?.requiredString("name") ?? ""
    let text = attribute.requiredString("expression")
    let conditionText = attribute.string("condition", default: "")
    var expression: Expression?
    if !text.isEmpty { expression = compile(text, .number, "expression", attribute) }
    var condition: Expression?
    if !conditionText.isEmpty { condition = compile(conditionText, .boolean, "condition", attribute) }
    guard let expression else { return UnconfiguredReporter() }
    return RequestAttributeReporter(namespace: namespace, name: name, expression: expression, condition: condition)
  }

  private static func compile(
    _ text: String, _ type: ExpressionType, _ parameter: String, _ decoder: ParameterDecoder
  ) -> Expression? {
    do {
      return try Expression(text, names: UsageNames(), type: type)
    } catch {
      let known = UsageNames.Count.allCases.flatMap(\.names)
      let hint = error.unknownName.map { NameSuggestion.hint(for: $0, among: known) } ?? ""
      decoder.reject(parameter, "\(error)\(hint)")
      return nil
    }
  }
}

/// Stands in for a reporter whose parameters are wrong, until the configuration is refused for them.
private struct UnconfiguredReporter: ResponseReporter {
  func report(_ usage: Usage) -> ResponseReport? { nil }
}
