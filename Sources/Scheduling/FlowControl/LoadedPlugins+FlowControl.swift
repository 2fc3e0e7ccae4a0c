import FlowControl
import PickerConfiguration

extension LoadedPlugins {
  /// Whether requests wait as under the configuration before: the section in force is the same, and its policies and
  /// the saturation detector were taken over.
  public func keepsFlowControl(of old: LoadedPlugins) -> Bool {
    guard (flowControl == nil) == (old.flowControl == nil), section == old.section,
      countsPendingRequests == old.countsPendingRequests,
      configuration.saturationDetector?.name == old.configuration.saturationDetector?.name
    else { return false }
    return instances.allSatisfy { instance in
      let decides =
        instance.plugin is any FairnessPolicy || instance.plugin is any OrderingPolicy
        || instance.plugin is any UsageLimitPolicy || instance.plugin is any SaturationDetector
      return !decides || inherited.contains(instance.name)
    }
  }

  private var section: YAMLValue? {
    configuration.effectiveDocument(parameters: [:]).field("flowControl")
  }
}

extension YAMLValue {
  /// The value of a mapping's field; nil when there is none.
  package func field(_ name: String) -> YAMLValue? {
    guard case .mapping(let fields) = self else { return nil }
    return fields.first { $0.name == name }?.value
  }
}
