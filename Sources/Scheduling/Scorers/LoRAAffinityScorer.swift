import Endpoints

/// `lora-affinity-scorer`: prefers servers that have the request's LoRA adapter, then servers with room for it.
///
/// 1 when the adapter is active, else 0.8 when fewer adapters are active or waiting than fit, else 0.6 when the adapter
/// is waiting, else 0. Servers that tell nothing about adapters score 0.
public struct LoRAAffinityScorer: Scorer {
  private let adapters: AdapterLookup

  /// Creates a scorer that reads a store.
  public init(store: AdapterStore, attributes: AttributeSpace) {
    adapters = AdapterLookup(store: store, attributes: attributes)
  }

  /// Scores by the adapters of the candidates.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    let bySlot = adapters.states(cycle)
    for position in scores.indices {
      let slot = cycle.slot(position)
      scores[position] = slot < bySlot.count ? bySlot[slot].affinity : 0
    }
  }
}

extension PluginRegistration {
  static let loraAffinityScorer = PluginRegistration(type: "lora-affinity-scorer") { context in
    LoRAAffinityScorer(store: context.services.adapters, attributes: context.attributes)
  }
}
