import Endpoints
import InferenceAPI
import PrefixCache

/// `approx-prefix-cache-producer`: guesses from past picks how much of a prompt each candidate has cached.
///
/// The prompt is cut into blocks whose chained hashes are looked up in an index of what was sent where. A request that
/// was placed is learned at once, so that the next one with the same beginning finds it. Follows the newer of the
/// reference's two algorithms (token blocks of at least 64 tokens, the partial last block included).
public final class ApproximatePrefixCacheProducer: PrefixMatchSource, EndpointObserver, PlacementFollower {
  /// The parameters of the producer.
  public struct Parameters: Sendable, Hashable {
    /// Take block size and capacity from the servers' metrics where they tell.
    public var autoTune = true
    /// Tokens of a block when the server does not tell; smaller blocks than 64 are not used.
    public var blockSizeTokens = 16
    /// Most tokens of a prompt that are looked at; 0 leaves the limit to ``maxPrefixBlocks``.
    public var maxPrefixTokens = 131_072
    /// Most blocks of a prompt that are looked at when ``maxPrefixTokens`` is 0; 0 for no limit.
    public var maxPrefixBlocks = 2_048
    /// Blocks remembered for an endpoint when the server does not tell.
    public var lruCapacityPerServer = PrefixIndex.defaultCapacity
    /// Blocks remembered for all endpoints together.
    public var maxTotalBlocks = PrefixIndex.defaultMaximumEntries

    /// Creates the default parameters.
    public init() {}
  }

  static let minimumBlockSize = 64
  static let parameterNames = [
    "autoTune", "blockSize", "blockSizeTokens", "maxPrefixBlocksToMatch", "maxPrefixTokensToMatch",
    "lruCapacityPerServer", "maxTotalBlocks",
  ]

  /// What one event loop needs to hash and look up.
  private final class Workspace {
    let chains = BlockChains()
    let matches = PrefixMatches()
    /// For each chain of the request placed last, how many blocks the endpoint chosen held before.
    var heldBefore: [Int] = []
  }

  private let parameters: Parameters
  private let index: PrefixIndex
  private let attributes: PrefixMatchAttributes
  private let workspace: WorkspaceID
  private let correction: CacheCorrection

  /// Creates a producer that keeps its memory of past picks in `index`.
  /// - Parameter endpoints: where is kept what servers say of their caches.
  public init(
    parameters: Parameters, index: PrefixIndex, attributes: AttributeSpace, endpoints: EndpointTable, name: String
  ) {
    self.correction = CacheCorrection(endpoints)
    self.parameters = parameters
    self.index = index
    self.attributes = PrefixMatchAttributes(attributes, producer: name)
    self.workspace = attributes.makeWorkspace()
  }

  /// Hashes the prompts and looks their blocks up.
  public func produce(_ cycle: SchedulingCycle) {
    let work = cycle.workspace(workspace) { Workspace() }
    work.chains.reset()
    guard let inference = cycle.request.inference, inference.prompts.count > 0, cycle.count > 0 else { return }
    let hasher = makeHasher(cycle)
    let root = BlockHasher.root(model: cycle.request.targetModel, cacheSalt: inference.cacheSalt)
    for prompt in 0..<inference.prompts.count {
      hasher.append(prompt: inference.prompts[prompt], root: root, to: work.chains)
    }
    cycle.trace?.noteBlocks(
      tokensPerBlock: hasher.blockSize, count: work.chains.blockCount, hashes: work.chains.allHashes)
    work.matches.reset(slotCount: cycle.snapshot.slotBound)
    for chain in 0..<work.chains.count { index.addLongestMatches(of: work.chains[chain], to: work.matches) }
    if work.matches.touched.isEmpty {
      _ = cycle.makeAttribute(attributes.matchedBlocks)
    } else {
      cycle.gather(work.matches.counts, into: cycle.takeAttribute(attributes.matchedBlocks))
    }
    cycle.setScalar(attributes.totalBlocks, Double(work.chains.blockCount))
    cycle.setScalar(attributes.blockSize, Double(hasher.blockSize))
  }

  /// Leading blocks of the request's prompts that a candidate holds.
  /// - Parameter candidate: its position among all candidates.
  public func matchedBlocks(_ cycle: SchedulingCycle, candidate: Int) -> Int {
    Int(cycle.attribute(attributes.matchedBlocks, ofCandidate: candidate) ?? 0)
  }

  private func makeHasher(_ cycle: SchedulingCycle) -> BlockHasher {
    var blockSize = parameters.blockSizeTokens
    if parameters.autoTune {
      let scraped = cycle.table.value(.cacheBlockSize, slot: cycle.endpoint(0).slot)
      if scraped >= 1, scraped <= Double(BlockHasher.maximumBlockSize) { blockSize = Int(scraped) }
    }
    blockSize = max(blockSize, Self.minimumBlockSize)
    let maximumBlocks: Int
    if parameters.maxPrefixTokens > 0 {
      maximumBlocks = parameters.maxPrefixTokens / blockSize
    } else {
      maximumBlocks = parameters.maxPrefixBlocks > 0 ? parameters.maxPrefixBlocks : .max
    }
    return BlockHasher(blockSize: blockSize, maximumBlocksPerPrompt: maximumBlocks)
  }

  /// Learns that the chosen endpoint, and the one of a profile named `prefill`, will hold the prompt.
  public func requestPlaced(_ cycle: SchedulingCycle) {
    let work = cycle.workspace(workspace) { Workspace() }
    work.heldBefore.removeAll(keepingCapacity: true)
    guard work.chains.blockCount > 0 else { return }
    let primary = cycle.primaryProfile.flatMap { cycle.results[$0].endpoints.first }
    for result in cycle.placements {
      guard let endpoint = result.endpoints.first else { continue }
      let capacity = capacity(of: endpoint, cycle.table)
      let isPrimary = work.heldBefore.isEmpty && endpoint.slot == primary?.slot
      for chain in 0..<work.chains.count {
        let held = index.insert(work.chains[chain], slot: UInt32(endpoint.slot), capacity: capacity)
        if isPrimary { work.heldBefore.append(held) }
      }
    }
  }

  /// Most hashes that are noted of one request: as many as a prompt of the default limit has, 16 KiB.
  private static let maximumNote = 2_048

  /// Notes the chains: for each its length, how much of it the endpoint held before, and its hashes.
  public func note(_ cycle: SchedulingCycle, into numbers: inout [UInt64]) {
    let work = cycle.workspace(workspace) { Workspace() }
    var room = Self.maximumNote
    for (chain, held) in work.heldBefore.enumerated() {
      let hashes = work.chains[chain].prefix(room)
      guard !hashes.isEmpty else { continue }
      numbers.append(UInt64(hashes.count))
      numbers.append(UInt64(held))
      numbers.append(contentsOf: hashes)
      room -= hashes.count
    }
  }

  /// Learns the chains for the endpoint that served, and forgets that the one chosen would hold them.
  public func requestMoved(_ numbers: ArraySlice<UInt64>, from slot: Int, to endpoint: Endpoint, table: EndpointTable) {
    let capacity = capacity(of: endpoint, table)
    numbers.withUnsafeBufferPointer { numbers in
      var next = 0
      while next + 2 < numbers.count {
        let end = next + 2 + Int(numbers[next])
        guard end <= numbers.count else { return }
        let hashes = UnsafeBufferPointer(rebasing: numbers[next + 2..<end])
        index.remove(hashes, keeping: Int(numbers[next + 1]), slot: UInt32(slot))
        index.insert(hashes, slot: UInt32(endpoint.slot), capacity: capacity)
        next = end
      }
    }
  }

  /// Compares what the endpoint was taken to hold with what it had.
  public func requestServed(_ numbers: ArraySlice<UInt64>, slot: Int, cachedShare: Double, table: EndpointTable) {
    guard parameters.autoTune else { return }
    var (blocks, held) = (0.0, 0.0)
    var next = numbers.startIndex
    while next + 2 < numbers.endIndex {
      let end = next + 2 + Int(numbers[next])
      guard end <= numbers.endIndex else { return }
      blocks += Double(numbers[next])
      held += min(Double(numbers[next + 1]), Double(numbers[next]))
      next = end
    }
    guard blocks > 0 else { return }
    correction.note(believed: held / blocks, cached: cachedShare, slot: slot, table)
  }

  private func capacity(of endpoint: Endpoint, _ table: EndpointTable) -> Int {
    guard parameters.autoTune else { return parameters.lruCapacityPerServer }
    let scraped = table.value(.cacheBlockCount, slot: endpoint.slot)
    let correction = correction.factor(slot: endpoint.slot, table)
    guard scraped >= 1, scraped <= 1e9 else { return max(1, Int(Double(parameters.lruCapacityPerServer) * correction)) }
    // The server counts in blocks of its own, which are smaller than those of the index if they are below its minimum.
    let size = table.value(.cacheBlockSize, slot: endpoint.slot)
    let isSmaller = size >= 1 && size < Double(Self.minimumBlockSize)
    let blocks = isSmaller ? scraped * size / Double(Self.minimumBlockSize) : scraped
    return max(1, Int(blocks * correction))
  }

  /// What the endpoint chosen for the request of a placed cycle had of its prompt.
  public func placedMatch(_ cycle: SchedulingCycle) -> PrefixMatch? {
    guard let total = cycle.scalar(attributes.totalBlocks), let size = cycle.scalar(attributes.blockSize),
      let primary = cycle.primaryProfile, let candidate = cycle.results[primary].candidates.first
    else { return nil }
    return PrefixMatch(
      matchedBlocks: Int(cycle.attribute(attributes.matchedBlocks, ofCandidate: candidate) ?? 0),
      totalBlocks: Int(total), tokensPerBlock: Int(size))
  }

  /// Forgets what an endpoint held, because it is gone.
  public func endpointRemoved(_ endpoint: Endpoint) {
    index.removeEndpoint(UInt32(endpoint.slot))
  }
}

extension PluginRegistration {
  static let approximatePrefixCacheProducer = PluginRegistration(
    type: "approx-prefix-cache-producer", requires: [.tokenizedPrompt], produces: [.prefixCacheMatch]
  ) { context in
    let decoder = context.parameters
    var parameters = ApproximatePrefixCacheProducer.Parameters()
    // The older API version limits in blocks unless told to limit in tokens, and knows the producer by its type only.
    if context.lineage != .llmD {
      parameters.maxPrefixTokens = 0
      parameters.maxPrefixBlocks = 256
    }
    let name = context.publishedName(of: .prefixCacheMatch)
    parameters.autoTune = decoder.bool("autoTune", default: parameters.autoTune)
    _ = decoder.isSet("blockSizeTokens")
    let oldBlockSize =
      decoder.deprecated("blockSize", use: "blockSizeTokens", isHonoured: true) ? decoder.int("blockSize") : nil
    parameters.blockSizeTokens = decoder.int(
      "blockSizeTokens", default: oldBlockSize ?? parameters.blockSizeTokens, range: 0...BlockHasher.maximumBlockSize)
    if !parameters.autoTune, parameters.blockSizeTokens <= 0 {
      decoder.reject("blockSizeTokens", "must be positive when autoTune is off")
    }
    parameters.maxPrefixTokens = decoder.int(
      "maxPrefixTokensToMatch", default: parameters.maxPrefixTokens, range: 0...)
    parameters.maxPrefixBlocks = decoder.int(
      "maxPrefixBlocksToMatch", default: parameters.maxPrefixBlocks, range: 0...)
    parameters.lruCapacityPerServer = decoder.int(
      "lruCapacityPerServer", default: parameters.lruCapacityPerServer, range: 1...)
    parameters.maxTotalBlocks = decoder.int(
      "maxTotalBlocks", default: parameters.maxTotalBlocks, range: 1...(1 << 30))
    let maximumEntries = parameters.maxTotalBlocks
    let index = context.services.prefixIndex(named: name) { PrefixIndex(maximumEntries: maximumEntries) }
    return ApproximatePrefixCacheProducer(
      parameters: parameters, index: index, attributes: context.attributes, endpoints: context.endpoints, name: name)
  }
}
