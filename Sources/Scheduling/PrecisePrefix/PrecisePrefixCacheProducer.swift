import Endpoints
import InferenceAPI
import KVCacheEvents

/// `precise-prefix-cache-producer`: knows from the model servers themselves what they have cached of a prompt.
///
/// The prompt is cut into whole blocks whose keys are looked up among the blocks that servers tell of. A candidate's
/// match is the sum of the weights of the tiers that hold its leading blocks, up to the first block it does not hold,
/// rounded down. A prompt without a whole block has no match information. With speculation on, the endpoint chosen counts
/// as holding the prompt for a short time, until its server says so. (Precise prefix index.)
///
/// The producer only looks things up; whoever runs it feeds ``holders`` with events.
public final class PrecisePrefixCacheProducer: PrefixMatchSource, PlacementFollower, EndpointObserver {
  /// The parameters of the producer.
  public struct Parameters: Sendable, Hashable {
    /// Tokens of a block, 1 or more; what the servers use, a part or a multiple of it.
    public var blockSize = 16
    /// Sets keys apart from those of other indexes.
    public var hashSeed = ""
    /// Blocks of all servers together that are remembered at most.
    public var capacity = 10_000_000
    /// Endpoints that are remembered for one block.
    public var endpointsPerBlock = 10
    /// What blocks are worth.
    public var weights = TierWeights()
    /// Whether endpoints count as holding what was sent to them before they say so.
    public var speculates = false
    /// Seconds for which they do.
    public var speculativeTTL = 2.0
    /// How events are received.
    public var events = CacheEventSettings()

    /// Creates the default parameters.
    public init() {}
  }

  /// The parameters.
  public let parameters: Parameters
  /// Makes the keys of blocks.
  public let hasher: BlockKeyHasher
  /// Which endpoint, by its slot, holds what.
  public let holders: BlockHolders
  let attributes: PrefixMatchAttributes
  private let workspace: WorkspaceID

  /// Creates a producer whose index is empty.
  public init(parameters: Parameters, attributes: AttributeSpace, name: String) {
    self.parameters = parameters
    hasher = BlockKeyHasher(blockSize: parameters.blockSize, seed: parameters.hashSeed)
    holders = BlockHolders(maximumPerBlock: parameters.endpointsPerBlock)
    self.attributes = PrefixMatchAttributes(attributes, producer: name)
    workspace = attributes.makeWorkspace()
  }

  /// Looks the prompts up.
  public func produce(_ cycle: SchedulingCycle) {
    let work = cycle.workspace(workspace) { PrecisePrefixWorkspace(hasher: hasher) }
    work.begin(slotCount: cycle.snapshot.slotBound)
    guard let inference = cycle.request.inference, inference.prompts.count > 0, cycle.count > 0 else { return }
    let root = hasher.root(model: cycle.request.targetModel)
    for prompt in 0..<inference.prompts.count {
      work.look(
        up: inference.prompts[prompt], root: root, extras: extras(of: prompt, cycle.request, inference),
        keepsKeys: parameters.speculates || cycle.trace != nil, in: holders, weights: parameters.weights,
        now: Self.nanoseconds(cycle.now))
    }
    guard work.totalBlocks > 0 else { return }
    if cycle.trace != nil {
      work.keptKeys.withUnsafeBufferPointer { keys in
        cycle.trace?.noteBlocks(tokensPerBlock: hasher.blockSize, count: work.totalBlocks, hashes: keys)
      }
    }
    work.withSums { cycle.gather($0, into: cycle.takeAttribute(attributes.matchedBlocks)) }
    cycle.setScalar(attributes.totalBlocks, Double(work.totalBlocks))
    cycle.setScalar(attributes.blockSize, Double(hasher.blockSize))
  }

  /// What sets blocks of a prompt apart from others of the same tokens: for each block the hashes of the media that
  /// overlap it, in their order, and for the first one the cache salt.
  private func extras(
    of prompt: Int, _ request: SchedulingRequest, _ inference: InferenceRequest
  ) -> [Int: [[UInt8]]] {
    guard inference.cacheSalt != nil || !request.media.isEmpty else { return [:] }
    var extras: [Int: [[UInt8]]] = [:]
    let blockCount = inference.prompts[prompt].reduce(0) { $0 + $1.count } / (4 * hasher.blockSize)
    let media = request.media.filter { $0.prompt == prompt && $0.length > 0 }
    for item in media.sorted(by: { $0.offset < $1.offset }) {
      let first = max(0, item.offset) / hasher.blockSize
      let last = (item.offset + item.length - 1) / hasher.blockSize
      guard first < blockCount, last >= first else { continue }
      for block in first...min(last, blockCount - 1) { extras[block, default: []].append(item.hash) }
    }
    if let salt = inference.cacheSalt { extras[0, default: []].append(Array(salt)) }
    return extras
  }

  /// Takes it that the endpoint chosen, and the one of a profile named `prefill`, will hold the prompt.
  public func requestPlaced(_ cycle: SchedulingCycle) {
    guard parameters.speculates else { return }
    let keys = cycle.workspace(workspace) { PrecisePrefixWorkspace(hasher: hasher) }.keptKeys
    guard !keys.isEmpty else { return }
    let now = Self.nanoseconds(cycle.now)
    for result in cycle.placements {
      guard let endpoint = result.endpoints.first else { continue }
      holders.expect(keys, endpoint: endpoint.slot, until: deadline(now), now: now)
    }
  }

  /// Most keys that are noted of one request, 16 KiB.
  private static let maximumNote = 2_048

  /// Notes until when the blocks are expected, and the first of them.
  public func note(_ cycle: SchedulingCycle, into numbers: inout [UInt64]) {
    guard parameters.speculates else { return }
    let keys = cycle.workspace(workspace) { PrecisePrefixWorkspace(hasher: hasher) }.keptKeys
    guard !keys.isEmpty else { return }
    numbers.append(deadline(Self.nanoseconds(cycle.now)))
    numbers.append(contentsOf: keys.prefix(Self.maximumNote))
  }

  /// Expects the blocks on the endpoint that served. On the one chosen they are soon forgotten.
  public func requestMoved(_ numbers: ArraySlice<UInt64>, from slot: Int, to endpoint: Endpoint, table: EndpointTable) {
    guard let deadline = numbers.first else { return }
    holders.expect(numbers.dropFirst(), endpoint: endpoint.slot, until: deadline)
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

  /// Expects nothing of an endpoint any more, because it is gone. What it told is forgotten by whoever heard it.
  public func endpointRemoved(_ endpoint: Endpoint) {
    holders.stopExpecting(endpoint: endpoint.slot)
  }

  private func deadline(_ now: UInt64) -> UInt64 { now &+ Self.nanoseconds(parameters.speculativeTTL) }

  private static func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(max(0, min(seconds, 1e9)) * 1e9) }
}
