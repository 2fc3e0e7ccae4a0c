import Endpoints

/// How the endpoints' LoRA adapters suit the models asked for lately, kept by each event loop until adapters change.
struct AdapterLookup: Sendable {
  /// How the adapters of one endpoint suit a model.
  struct State {
    /// 1 when the adapter is active, else 0.
    var active = 0.0
    /// 1 when requests wait for the adapter, else 0.
    var waiting = 0.0
    /// How many more adapters fit.
    var free = 0.0
    /// What ``LoRAAffinityScorer`` makes of it.
    var affinity = 0.0

    /// An endpoint that tells nothing about adapters.
    static let none = State()

    init() {}

    init(of model: String, _ adapters: AdapterSet?) {
      guard let adapters else { return }
      active = adapters.active.contains(model) ? 1 : 0
      waiting = adapters.waiting.contains(model) ? 1 : 0
      free = Double(max(0, adapters.maximum - adapters.active.count - adapters.waiting.count))
      affinity = active > 0 ? 1 : free > 0 ? 0.8 : waiting > 0 ? 0.6 : 0
    }
  }

  /// How the adapters of all endpoints suit one model, by slot. Slots beyond the end have ``State/none``.
  final class ModelStates {
    let states: [State]
    /// ``State/affinity`` of each.
    let affinities: [Double]

    init(_ states: [State]) {
      self.states = states
      affinities = states.map(\.affinity)
    }
  }

  private final class Workspace {
    /// More different models than this are worked out anew now and then.
    static let maximumModels = 256

    private var version: UInt64?
    private var adapters: [AdapterSet?] = []
    private var states: [Int: (model: [UInt8], lookup: ModelStates)] = [:]

    func update(_ store: AdapterStore) {
      let current = store.version
      guard version != current else { return }
      // Taken first, so that a change in between is seen at the next request.
      version = current
      adapters = store.all()
      states.removeAll(keepingCapacity: true)
    }

    func states(of model: UnsafeRawBufferPointer) -> ModelStates {
      var hasher = Hasher()
      hasher.combine(bytes: model)
      let key = hasher.finalize()
      if let known = states[key], known.model.elementsEqual(model) { return known.lookup }
      if states.count >= Self.maximumModels { states.removeAll(keepingCapacity: true) }
      let name = String(decoding: model, as: UTF8.self)
      let lookup = ModelStates(adapters.map { State(of: name, $0) })
      states[key] = (Array(model), lookup)
      return lookup
    }
  }

  private let store: AdapterStore
  private let workspace: WorkspaceID

  init(store: AdapterStore, attributes: AttributeSpace) {
    self.store = store
    self.workspace = attributes.makeWorkspace()
  }

  /// The states for the model of the cycle's request.
  func states(_ cycle: SchedulingCycle) -> ModelStates {
    let work = cycle.workspace(workspace) { Workspace() }
    work.update(store)
    return work.states(of: cycle.request.targetModel)
  }
}
