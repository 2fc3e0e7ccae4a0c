import Endpoints
import PickerConfiguration

/// `label-selector-filter`: keeps endpoints that a Kubernetes label selector matches.
public struct LabelSelectorFilter: Filter {
  private let isKept: SnapshotCache<[Bool]>

  /// Creates a filter.
  public init(_ selector: LabelSelector, attributes: AttributeSpace) {
    isKept = SnapshotCache(attributes) { endpoint in selector.matches(endpoint.labels) }
  }

  /// Keeps the candidates that match.
  public func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) { isKept.keep(cycle, keep) }
}

extension PluginRegistration {
  static let labelSelectorFilter = PluginRegistration(
    type: "label-selector-filter", aliases: ["by-label-selector"]
  ) { context in
    LabelSelectorFilter(context.parameters.labelSelector(), attributes: context.attributes)
  }
}

extension ParameterDecoder {
  /// The fields of a label selector, `matchLabels` and `matchExpressions`.
  func labelSelector() -> LabelSelector {
    var requirements = stringMap("matchLabels").map { label in
      LabelSelector.Requirement(key: label.key, operator: .isIn, values: [label.value])
    }
    for expression in children("matchExpressions") {
      let key = expression.requiredString("key")
      let comparison = expression.enumeration("operator", of: LabelSelector.Operator.self)
      let values = expression.strings("values")
      guard let comparison else {
        if !expression.isSet("operator") { expression.reject("operator", "required, but not set") }
        continue
      }
      let comparesValues = comparison == .isIn || comparison == .notIn
      if comparesValues == values.isEmpty {
        expression.reject("values", "must \(comparesValues ? "not " : "")be empty for \(comparison.rawValue)")
      }
      requirements.append(LabelSelector.Requirement(key: key, operator: comparison, values: Set(values)))
    }
    return LabelSelector(requirements)
  }
}
