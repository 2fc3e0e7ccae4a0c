import EndpointPicker
import Scheduling

/// Prefers endpoints whose pods carry a label, and of those the ones with little to do.
struct LabelScorer: EndpointScorer {
  let label: String
  let busyQueue: Int

  func score(_ candidate: Candidate, _ cycle: SchedulingCycle) -> Double {
    guard candidate.endpoint.labels[label] != nil else { return 0 }
    return 1 - min(1, candidate.queueDepth / Double(busyQueue))
  }
}

extension PluginRegistration {
  static let labelScorer = PluginRegistration(type: "label-scorer") { context in
    LabelScorer(
      label: context.parameters.requiredString("label"),
      busyQueue: context.parameters.int("busyQueue", default: 10, range: 1...))
  }
}

/// The types that the picker knows, and this one.
func registryWithLabelScorer() -> PluginRegistry {
  var registry = PluginRegistry.standard
  registry.register(.labelScorer)
  return registry
}
