import Endpoints
import PickerConfiguration
import Synchronization

/// `no-hit-lru-scorer`: spreads requests that no cache can help with, so that all caches grow.
///
/// When any candidate has a block of the prompt, all score 0.5. Otherwise the request is *cold*, and the candidates that
/// got no cold request for the longest time come first: those that never got one in candidate order, 1 − i / (N − 1),
/// then by age, max(0, 1 − rank / (N − 1)) with rank = candidates that never got one + position in the list of all
/// endpoints that did.
public final class NoHitLRUScorer: Scorer, PlacementObserver {
  /// Endpoints that got cold requests, remembered unless the configuration says otherwise.
  public static let defaultSize = 1_024

  /// An endpoint: its slot for quick comparison, and its identity since slots are used again.
  private struct Entry: Equatable {
    let slot: Int
    let id: EndpointID
  }

  /// The request that was last found cold on an event loop.
  private final class Workspace {
    var coldRequest: UInt64 = 0
  }

  private let size: Int
  private let match: PrefixMatchAttributes
  private let workspace: WorkspaceID
  /// Least recently used first.
  private let used = Mutex<[Entry]>([])

  /// Creates a scorer.
  /// - Parameter size: how many endpoints to remember, 1 or more.
  public init(size: Int = defaultSize, match: PrefixMatchAttributes, attributes: AttributeSpace) {
    self.size = max(1, size)
    self.match = match
    self.workspace = attributes.makeWorkspace()
  }

  /// Scores by the time since the last cold request.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    let work = cycle.workspace(workspace) { Workspace() }
    work.coldRequest = 0
    if let matched = cycle.attribute(match.matchedBlocks), matched.contains(where: { $0 > 0 }) {
      scores.update(repeating: 0.5)
      return
    }
    work.coldRequest = cycle.requestNumber
    guard scores.count > 1 else {
      scores.update(repeating: 1)
      return
    }
    let places = placesBySlot(cycle)
    let steps = Double(scores.count - 1)
    var neverUsed = 0
    for position in scores.indices where places[cycle.slot(position)] < 0 {
      scores[position] = 1 - Double(neverUsed) / steps
      neverUsed += 1
    }
    for position in scores.indices {
      let place = places[cycle.slot(position)]
      if place >= 0 { scores[position] = max(0, 1 - Double(neverUsed + place) / steps) }
    }
  }

  /// For each slot its endpoint's position in the list, -1 if it is not there.
  private func placesBySlot(_ cycle: SchedulingCycle) -> UnsafeMutableBufferPointer<Int> {
    let places = cycle.takeScratch(cycle.snapshot.slotBound, of: Int.self)
    places.initialize(repeating: -1)
    used.withLock { used in
      for (place, entry) in used.enumerated() where entry.slot < places.count {
        if cycle.snapshot.endpoint(inSlot: entry.slot)?.id == entry.id { places[entry.slot] = place }
      }
    }
    return places
  }

  /// Moves the endpoints that got a cold request to the end of the list.
  public func requestPlaced(_ cycle: SchedulingCycle) {
    let work = cycle.workspace(workspace) { Workspace() }
    guard work.coldRequest == cycle.requestNumber else { return }
    if let primary = cycle.primaryProfile { touch(cycle.results[primary].endpoints.first) }
    touch(cycle.result(ofProfile: "prefill")?.endpoints.first)
  }

  private func touch(_ endpoint: Endpoint?) {
    guard let endpoint else { return }
    let entry = Entry(slot: endpoint.slot, id: endpoint.id)
    used.withLock { used in
      if let index = used.firstIndex(where: { $0.slot == entry.slot && $0.id == entry.id }) {
        used.remove(at: index)
      } else if used.count >= size {
        used.removeFirst()
      }
      used.append(entry)
    }
  }
}

extension PluginRegistration {
  static let noHitLRUScorer = PluginRegistration(type: "no-hit-lru-scorer", requires: [.prefixCacheMatch]) { context in
    let decoder = context.parameters
    decoder.deprecated("prefixPluginType")
    decoder.deprecated("prefixPluginName")
    let size = decoder.int("lruSize", default: NoHitLRUScorer.defaultSize, range: 1...EndpointTable.capacity)
    let producer = context.producer(of: .prefixCacheMatch, parameter: "prefixMatchInfoProducerName")
    return NoHitLRUScorer(
      size: size, match: PrefixMatchAttributes(context.attributes, producer: producer),
      attributes: context.attributes)
  }
}
