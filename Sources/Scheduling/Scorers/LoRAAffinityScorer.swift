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
    adapters.states(cycle).affinities.withUnsafeBufferPointer { bySlot in
      if cycle.hasAllEndpoints, cycle.snapshot.isDense, let base = bySlot.baseAddress {
        // Slots are positions. Those beyond the end stay 0.
        scores.baseAddress?.update(from: base, count: min(scores.count, bySlot.count))
        return
      }
      for position in scores.indices {
        let slot = cycle.slot(position)
        scores[position] = slot < bySlot.count ? bySlot[slot] : 0
      }
    }
  }
}

extension PluginRegistration {
  static let loraAffinityScorer = PluginRegistration(type: "lora-affinity-scorer") { context in
    LoRAAffinityScorer(store: context.services.adapters, attributes: context.attributes)
  }
}
