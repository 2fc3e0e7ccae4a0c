import Endpoints

/// `lora-affinity-scorer`: prefers servers that have the request's LoRA adapter, then servers with room for it.
///
/// 1 when the adapter is active, else 0.8 when fewer adapters are active or waiting than fit, else 0.6 when the adapter
/// is waiting, else 0. Servers that tell nothing about adapters score 0.
public struct LoRAAffinityScorer: Scorer {
  /// Scores by slot for the models asked for lately, kept by each event loop until adapters change.
  private final class Workspace {
    /// More different models than this are worked out anew now and then.
    static let maximumModels = 256

    var version: UInt64?
    var adapters: [AdapterSet?] = []
    var scores: [Int: (model: [UInt8], bySlot: [Double])] = [:]

    func update(_ store: AdapterStore) {
      let current = store.version
      guard version != current else { return }
      // Taken first, so that a change in between is seen at the next request.
      version = current
      adapters = store.all()
      scores.removeAll(keepingCapacity: true)
    }

    func scores(of model: UnsafeRawBufferPointer) -> [Double] {
      var hasher = Hasher()
      hasher.combine(bytes: model)
      let key = hasher.finalize()
      if let known = scores[key], known.model.elementsEqual(model) { return known.bySlot }
      if scores.count >= Self.maximumModels { scores.removeAll(keepingCapacity: true) }
      let name = String(decoding: model, as: UTF8.self)
      let bySlot = adapters.map { LoRAAffinityScorer.score(of: name, $0) }
      scores[key] = (Array(model), bySlot)
      return bySlot
    }
  }

  private let store: AdapterStore
  private let workspace: WorkspaceID

  /// Creates a scorer that reads a store.
  public init(store: AdapterStore, attributes: AttributeSpace) {
    self.store = store
    self.workspace = attributes.makeWorkspace()
  }

  /// Scores by the adapters of the candidates.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    let work = cycle.workspace(workspace) { Workspace() }
    work.update(store)
    let bySlot = work.scores(of: cycle.request.targetModel)
    for position in scores.indices {
      let slot = cycle.slot(position)
      scores[position] = slot < bySlot.count ? bySlot[slot] : 0
    }
  }

  private static func score(of model: String, _ adapters: AdapterSet?) -> Double {
    guard let adapters else { return 0 }
    if adapters.active.contains(model) { return 1 }
    if adapters.active.count + adapters.waiting.count < adapters.maximum { return 0.8 }
    return adapters.waiting.contains(model) ? 0.6 : 0
  }
}

extension PluginRegistration {
  static let loraAffinityScorer = PluginRegistration(type: "lora-affinity-scorer") { context in
    LoRAAffinityScorer(store: context.services.adapters, attributes: context.attributes)
  }
}
