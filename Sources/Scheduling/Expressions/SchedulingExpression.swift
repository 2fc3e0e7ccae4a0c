import Endpoints
import Expressions
import PickerConfiguration

/// An expression over a request and its candidates, ready to be evaluated on event loops.
struct SchedulingExpression: Sendable {
  private let expression: Expression
  private let values: [SchedulingValue]
  private let match: PrefixMatchAttributes
  private let adapters: AdapterLookup
  private let models: AdapterLookup

  /// Evaluates the expression for the current candidates. Booleans are 0 and 1.
  func evaluate(_ cycle: SchedulingCycle, into result: UnsafeMutableBufferPointer<Double>) {
    guard let base = result.baseAddress else { return }
    let memory = cycle.takeNumbers(expression.scratchCount(elements: cycle.count))
    let columns = SchedulingColumns(cycle: cycle, values: values, match: match, adapters: adapters, models: models)
    expression.evaluate(columns, count: cycle.count, scratch: memory, into: base)
  }

  fileprivate init(
    _ expression: Expression, values: [SchedulingValue], match: PrefixMatchAttributes, adapters: AdapterLookup,
    models: AdapterLookup
  ) {
    self.expression = expression
    self.values = values
    self.match = match
    self.adapters = adapters
    self.models = models
  }
}

extension PluginContext {
  /// Reads the parameter `expression`, and requires the data that it reads.
  /// - Returns: nil when the parameter is missing or wrong, which is noted.
  func expression(_ parameter: String = "expression", type: ExpressionType?) -> SchedulingExpression? {
    let source = parameters.requiredString(parameter)
    let producerName = parameters.string("prefixMatchInfoProducerName", default: "")
    guard !source.isEmpty else { return nil }
    let names = SchedulingNames(endpoints: endpoints, attributes: attributes)
    let compiled: Expression
    do throws(ExpressionError) {
      compiled = try Expression(source, names: names, type: type)
    } catch {
      let hint = error.unknownName.map { NameSuggestion.hint(for: $0, among: SchedulingNames.knownNames) } ?? ""
      parameters.reject(parameter, "\(error)\(hint)")
      return nil
    }
    if names.hasTooManyAttributes { parameters.reject(parameter, "too many different endpoint attributes") }
    let defaultProducer = DataKind.prefixCacheMatch.defaultProducer
    let producer = producerName.isEmpty ? defaultProducer : producerName
    if names.values.contains(where: \.readsPrefixMatch) {
      require(.prefixCacheMatch, producer: producer, parameter: "prefixMatchInfoProducerName")
    }
    if names.values.contains(where: \.readsPrompts) { requirePrompts() }
    return SchedulingExpression(
      compiled, values: names.values, match: PrefixMatchAttributes(attributes, producer: producer),
      adapters: AdapterLookup(store: services.adapters, attributes: attributes),
      models: AdapterLookup(store: services.servedModels, attributes: attributes))
  }
}

extension SchedulingValue {
  fileprivate var readsPrefixMatch: Bool {
    switch self {
    case .ofEndpoint(.prefixMatch), .ofEndpoint(.matchedTokens), .ofEndpoint(.uncachedTokens): true
    default: false
    }
  }

  fileprivate var readsPrompts: Bool {
    switch self {
    case .ofRequest(.promptTokens), .ofRequest(.maxOutputTokens), .ofRequest(.mediaItems),
      .ofEndpoint(.inFlightTokens):
      true
    default: readsPrefixMatch
    }
  }
}
