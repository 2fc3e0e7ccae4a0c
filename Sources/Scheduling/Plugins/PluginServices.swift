import Endpoints
import PrefixCache
import Synchronization

/// State that outlives a configuration: plugins made again with the same parameters find theirs here.
public final class PluginServices: Sendable {
  /// The LoRA adapters of the endpoints; scrapers write them.
  public let adapters: AdapterStore
  /// The models that endpoints say they serve, as active adapters; whoever asks the servers writes it.
  public let servedModels = AdapterStore()
  /// The health of the endpoints as their requests tell it; whoever serves requests writes it.
  public let health = HealthBoard()
  /// The process's environment, for plugins that other pickers configure by it.
  public let environment: [String: String]
  private let prefixIndexes = Mutex<[String: PrefixIndex]>([:])

  /// Creates services without state.
  /// - Parameters:
  ///   - adapters: the store that the pool's scrapers write to.
  ///   - environment: variables of the process that plugins may look at.
  public init(adapters: AdapterStore = AdapterStore(), environment: [String: String] = [:]) {
    self.adapters = adapters
    self.environment = environment
  }

  /// The prefix index of the producer with this name, the same for every call.
  public func prefixIndex(named name: String, make: () -> PrefixIndex) -> PrefixIndex {
    prefixIndexes.withLock { indexes in
      if let index = indexes[name] { return index }
      let index = make()
      indexes[name] = index
      return index
    }
  }

  /// Forgets the indexes of producers that no configuration has any more.
  public func removePrefixIndexes(except names: Set<String>) {
    prefixIndexes.withLock { $0 = $0.filter { names.contains($0.key) } }
  }

  /// All prefix indexes, by the name of their producer.
  public var allPrefixIndexes: [String: PrefixIndex] { prefixIndexes.withLock { $0 } }
}
