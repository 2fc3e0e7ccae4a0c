import Endpoints
import PickerConfiguration

/// `by-label`: keeps endpoints whose label has one of some values. Endpoints without the label pass only if that is
/// allowed. Also what the role filters are made of.
public struct LabelFilter: Filter {
  private let isKept: SnapshotCache<[Bool]>

  /// Creates a filter.
  /// - Parameters:
  ///   - label: the label's name.
  ///   - values: the values that pass.
  ///   - allowsNoLabel: whether endpoints without the label pass.
  public init(label: String, values: Set<String>, allowsNoLabel: Bool, attributes: AttributeSpace) {
    isKept = SnapshotCache(attributes) { endpoint in
      endpoint.labels[label].map(values.contains) ?? allowsNoLabel
    }
  }

  /// Keeps the candidates whose label fits.
  public func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) { isKept.keep(cycle, keep) }
}

extension PluginRegistration {
  static let labelFilter = PluginRegistration(type: "by-label", replacement: "label-selector-filter") { context in
    let decoder = context.parameters
    let label = decoder.requiredString("label")
    let values = decoder.strings("validValues")
    let allowsNoLabel = decoder.bool("allowsNoLabel", default: false)
    if values.isEmpty, !allowsNoLabel {
      decoder.reject("validValues", "must not be empty unless allowsNoLabel is true")
    }
    return LabelFilter(
      label: label, values: Set(values), allowsNoLabel: allowsNoLabel, attributes: context.attributes)
  }
}
