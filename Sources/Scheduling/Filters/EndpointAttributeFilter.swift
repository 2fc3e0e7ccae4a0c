import Endpoints
import PickerConfiguration

/// `endpoint-attribute-filter`: keeps candidates whose attribute compares true with a threshold.
public struct EndpointAttributeFilter: Filter {
  /// How an attribute is compared.
  public enum Comparison: String, Sendable, Hashable, CaseIterable {
    case lessThan = "LessThan"
    case lessThanOrEqual = "LessThanOrEqual"
    case greaterThan = "GreaterThan"
    case greaterThanOrEqual = "GreaterThanOrEqual"
    case equal = "Equal"
    case notEqual = "NotEqual"

    func holds(_ value: Double, _ threshold: Double) -> Bool {
      switch self {
      case .lessThan: value < threshold
      case .lessThanOrEqual: value <= threshold
      case .greaterThan: value > threshold
      case .greaterThanOrEqual: value >= threshold
      case .equal: value == threshold
      case .notEqual: value != threshold
      }
    }
  }

  /// What becomes of candidates without the attribute.
  public enum MissingPolicy: String, Sendable, Hashable, CaseIterable {
    case pass = "Pass"
    case fail = "Fail"
  }

  let column: ColumnID
  let comparison: Comparison
  let threshold: Double
  let onMissing: MissingPolicy
  let fallbackOnEmpty: Bool

  /// Creates a filter on a column of the endpoint table.
  /// - Parameter fallbackOnEmpty: keep all candidates when none would be left.
  public init(
    column: ColumnID, _ comparison: Comparison, _ threshold: Double, onMissing: MissingPolicy = .pass,
    fallbackOnEmpty: Bool = false
  ) {
    self.column = column
    self.comparison = comparison
    self.threshold = threshold
    self.onMissing = onMissing
    self.fallbackOnEmpty = fallbackOnEmpty
  }

  /// Keeps the candidates for which the comparison holds.
  public func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) {
    let values = cycle.values(column)
    for position in keep.indices {
      let value = values[position]
      keep[position] = value.isNaN ? onMissing == .pass : comparison.holds(value, threshold)
    }
    if fallbackOnEmpty, !keep.contains(true) { keep.update(repeating: true) }
  }
}

extension PluginRegistration {
  private enum Algorithm: String, CaseIterable {
    case threshold
  }

  static let endpointAttributeFilter = PluginRegistration(type: "endpoint-attribute-filter", stability: .alpha) {
    context in
    let decoder = context.parameters
    let column = context.attributeColumn("attribute")
    let onMissing = decoder.enumeration("onMissing", default: EndpointAttributeFilter.MissingPolicy.pass)
    let fallback = decoder.bool("fallbackOnEmpty", default: false)
    var comparison = EndpointAttributeFilter.Comparison.lessThanOrEqual
    var value = 0.0
    if let algorithm = decoder.child("algorithm") {
      if algorithm.enumeration("type", of: Algorithm.self) == nil, !algorithm.isSet("type") {
        algorithm.reject("type", "required, but not set")
      }
      if let threshold = algorithm.child("threshold") {
        if let choice = threshold.enumeration("operator", of: EndpointAttributeFilter.Comparison.self) {
          comparison = choice
        } else if !threshold.isSet("operator") {
          threshold.reject("operator", "required, but not set")
        }
        value = threshold.double("value", default: 0)
      } else {
        algorithm.reject("threshold", "required, but not set")
      }
    } else {
      decoder.reject("algorithm", "required, but not set")
    }
    return EndpointAttributeFilter(
      column: column ?? .updatedAt, comparison, value, onMissing: onMissing, fallbackOnEmpty: fallback)
  }
}
