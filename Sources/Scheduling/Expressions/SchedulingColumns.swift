import Endpoints
import Expressions

/// The values of an expression's names in one scheduling cycle.
struct SchedulingColumns: ExpressionColumns {
  let cycle: SchedulingCycle
  let values: [SchedulingValue]
  let match: PrefixMatchAttributes
  let adapters: AdapterLookup
  let models: AdapterLookup

  func number(_ id: Int) -> Double {
    switch values[id] {
    case .ofRequest(let value): number(value)
    case .headerNumber(let name): cycle.request.headers?.value(of: name).flatMap(Self.number(in:)) ?? .nan
    default: .nan
    }
  }

  private func number(_ value: SchedulingValue.OfRequest) -> Double {
    let request = cycle.request
    switch value {
    case .promptTokens: return Double(request.promptTokens)
    case .maxOutputTokens: return request.inference?.maxOutputTokens.map { Double($0) } ?? .nan
    case .bodyBytes: return Double(request.bodyBytes)
    case .mediaItems: return Double(request.mediaItems)
    case .priority: return Double(request.priority)
    case .streaming: return request.inference?.isStreaming == true ? 1 : 0
    case .candidates: return Double(cycle.count)
    }
  }

  /// The number that a header holds; nil for other text. Longer text than any number has is not looked at.
  private static func number(in text: UnsafeRawBufferPointer) -> Double? {
    let text = text.trimmed
    guard !text.isEmpty, text.count <= 15 else { return nil }
    // Short enough to be a string without memory of its own.
    return Double(String(decoding: text, as: UTF8.self))
  }

  func text(_ id: Int) -> UnsafeRawBufferPointer {
    switch values[id] {
    case .model: cycle.request.targetModel
    case .header(let name): cycle.request.headers?.value(of: name) ?? UnsafeRawBufferPointer(start: nil, count: 0)
    default: UnsafeRawBufferPointer(start: nil, count: 0)
    }
  }

  func compare(_ id: Int, to text: UnsafeRawBufferPointer, into result: UnsafeMutablePointer<Double>) {
    guard case .label(let cache) = values[id] else { return }
    let labels = cache.value(cycle)
    let wanted = labels.texts.firstIndex(where: text.equals) ?? -1
    let isWhole = cycle.hasAllEndpoints
    labels.indexes.withUnsafeBufferPointer { indexes in
      for position in 0..<cycle.count {
        result[position] = indexes[isWhole ? position : cycle.snapshotIndex(position)] == wanted ? 1 : 0
      }
    }
  }

  func numbers(_ id: Int) -> UnsafePointer<Double> {
    switch values[id] {
    case .attribute(let column): return start(cycle.values(column))
    case .labelNumber(let cache):
      let numbers = cache.value(cycle)
      return computed { numbers[cycle.snapshotIndex($0)] }
    case .ofEndpoint(let value): return numbers(value)
    default: return computed { _ in .nan }
    }
  }

  private func numbers(_ value: SchedulingValue.OfEndpoint) -> UnsafePointer<Double> {
    switch value {
    case .queue: return start(cycle.queueDepths)
    case .running: return start(cycle.runningRequests)
    case .kvUsage: return start(cycle.values(.kvCacheUsage))
    case .inFlightRequests: return start(cycle.inFlightRequests)
    case .inFlightTokens: return start(cycle.inFlightTokens)
    case .cacheBlockSize: return start(cycle.values(.cacheBlockSize))
    case .cacheBlocks: return start(cycle.values(.cacheBlockCount))
    case .scrapeAge:
      let updated = cycle.values(.updatedAt)
      return computed { updated[$0] > 0 ? max(0, cycle.now - updated[$0]) : .infinity }
    case .prefixMatch:
      return matched { blocks, total, _ in total > 0 ? blocks / total : 0 }
    case .matchedTokens:
      return matched { blocks, _, blockSize in min(blocks * blockSize, Double(cycle.request.promptTokens)) }
    case .uncachedTokens:
      return matched { blocks, _, blockSize in max(0, Double(cycle.request.promptTokens) - blocks * blockSize) }
    case .loraActive: return adapters { $0.active }
    case .loraWaiting: return adapters { $0.waiting }
    case .loraFree: return adapters { $0.free }
    case .modelListed: return states(models.states(cycle).states) { $0.active }
    }
  }

  private func matched(
    _ value: (_ blocks: Double, _ total: Double, _ blockSize: Double) -> Double
  ) -> UnsafePointer<Double> {
    let total = cycle.scalar(match.totalBlocks) ?? 0
    let blockSize = cycle.scalar(match.blockSize) ?? 0
    guard let blocks = cycle.attribute(match.matchedBlocks) else { return computed { _ in value(0, total, blockSize) } }
    return computed { value(blocks[$0], total, blockSize) }
  }

  private func adapters(_ value: (AdapterLookup.State) -> Double) -> UnsafePointer<Double> {
    states(adapters.states(cycle).states, value)
  }

  private func states(
    _ states: [AdapterLookup.State], _ value: (AdapterLookup.State) -> Double
  ) -> UnsafePointer<Double> {
    computed { position in
      let slot = cycle.slot(position)
      return value(slot < states.count ? states[slot] : .none)
    }
  }

  private func start(_ values: UnsafeBufferPointer<Double>) -> UnsafePointer<Double> {
    // Cycles give arrays of at least one element's room.
    values.baseAddress ?? computed { _ in .nan }
  }

  private func computed(_ value: (Int) -> Double) -> UnsafePointer<Double> {
    let memory = cycle.takeNumbers(cycle.count)
    for position in 0..<cycle.count { memory[position] = value(position) }
    return UnsafePointer(memory)
  }
}
