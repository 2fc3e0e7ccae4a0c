import Endpoints
import PickerConfiguration
import PrefixCache

/// `consistent-prefix-producer`: proposes a few endpoints for a prompt that nobody has cached, the same few in every
/// replica of the picker.
///
/// Replicas share no state: each knows only what it placed itself. So that they place prompts with the same beginning
/// on the same endpoints all the same, the beginning is hashed together with each candidate's address (rendezvous
/// hashing), and the candidates with the greatest hashes are proposed, best first. When an endpoint comes or goes, only
/// the prompts that it was or is proposed for move.
///
/// The beginning is the first ``Parameters/prefixTokens`` tokens, counted, where a producer of prefix matches is at
/// hand, from where prompts begin to differ: what half of the candidates hold, such as a system prompt, tells nothing.
/// Nothing is proposed for a prompt of which some candidate holds more than that and the beginning after it; then it is
/// known where it belongs.
public struct ConsistentPrefixProducer: Producer {
  /// The parameters of the producer.
  public struct Parameters: Sendable, Hashable {
    /// Tokens of the beginning that is hashed; positive.
    public var prefixTokens = 256
    /// Endpoints to propose; positive.
    public var proposals = 1

    /// Creates the default parameters.
    public init() {}
  }

  /// What one event loop needs.
  private final class Workspace {
    let chains = BlockChains()
    /// The proposals so far, by falling hash.
    var best: [(hash: UInt64, position: Int)] = []
    var sample: [Double] = []
  }

  /// Tokens of a block; the beginning is a whole number of them.
  static let blockSize = 64
  /// Most tokens of a prompt that are hashed.
  static let maximumTokens = 32_768
  /// Candidates that are asked for what most of them hold.
  private static let sampleSize = 17

  private let parameters: Parameters
  private let match: PrefixMatchAttributes
  private let proposal: AttributeID
  private let workspace: WorkspaceID
  private let seeds: SnapshotCache<[UInt64]>

  /// Creates a producer.
  /// - Parameter match: what tells how much of a prompt candidates hold, if somebody does.
  public init(parameters: Parameters, match: PrefixMatchAttributes, attributes: AttributeSpace, name: String) {
    self.parameters = parameters
    self.match = match
    proposal = attributes.proposal(producer: name)
    workspace = attributes.makeWorkspace()
    seeds = SnapshotCache(attributes) { endpoint in
      // FNV-1a of the address, which all replicas know an endpoint by.
      endpoint.addressText.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
  }

  /// Hashes the beginning of the prompt and proposes candidates.
  public func produce(_ cycle: SchedulingCycle) {
    let proposals = cycle.makeAttribute(proposal)
    guard let inference = cycle.request.inference, inference.prompts.count > 0, cycle.count > 0 else { return }
    let work = cycle.workspace(workspace) { Workspace() }
    let common = commonTokens(cycle, work)
    guard common.most <= common.usual + parameters.prefixTokens else { return }
    let blocks = min(common.usual + parameters.prefixTokens, Self.maximumTokens) / Self.blockSize
    work.chains.reset()
    BlockHasher(blockSize: Self.blockSize, maximumBlocksPerPrompt: max(1, blocks)).append(
      prompt: inference.prompts[0],
      root: BlockHasher.root(model: cycle.request.targetModel, cacheSalt: inference.cacheSalt), to: work.chains)
    guard work.chains.count > 0, let key = work.chains[0].last else { return }
    propose(key, cycle, work)
    for (rank, choice) in work.best.enumerated() {
      proposals[choice.position] = 1 - Double(rank) / Double(2 * parameters.proposals)
    }
  }

  private func propose(_ key: UInt64, _ cycle: SchedulingCycle, _ work: Workspace) {
    let seeds = seeds.value(cycle)
    work.best.removeAll(keepingCapacity: true)
    for position in 0..<cycle.count {
      let hash = Self.mix(key ^ seeds[cycle.snapshotIndex(position)])
      if work.best.count == parameters.proposals {
        guard let last = work.best.last, hash > last.hash else { continue }
        work.best.removeLast()
      }
      let place = work.best.firstIndex { $0.hash < hash } ?? work.best.count
      work.best.insert((hash, position), at: place)
    }
  }

  /// Tokens that at least half of the candidates hold, and the most that one holds.
  private func commonTokens(_ cycle: SchedulingCycle, _ work: Workspace) -> (usual: Int, most: Int) {
    guard let matched = cycle.attribute(match.matchedBlocks), let size = cycle.scalar(match.blockSize) else {
      return (0, 0)
    }
    var most = 0.0
    for blocks in matched where blocks > most { most = blocks }
    guard most > 0 else { return (0, 0) }
    work.sample.removeAll(keepingCapacity: true)
    let step = max(1, matched.count / Self.sampleSize)
    for position in stride(from: 0, to: matched.count, by: step) { work.sample.append(matched[position]) }
    work.sample.sort()
    // A single candidate holds what it holds; that is not what most of several hold.
    let usual = matched.count > 1 ? work.sample[(work.sample.count - 1) / 2] : 0
    return (Int(usual * size), Int(most * size))
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var value = (value ^ (value >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    value = (value ^ (value >> 33)) &* 0xC4CE_B9FE_1A85_EC53
    return value ^ (value >> 33)
  }
}

extension AttributeSpace {
  /// The attribute in which a producer proposes candidates: 1 for the best, less for others, 0 for those not proposed.
  func proposal(producer: String) -> AttributeID { attribute("prefix-proposal", producer: producer) }
}

extension PluginRegistration {
  static let consistentPrefixProducer = PluginRegistration(
    type: "consistent-prefix-producer", requires: [.tokenizedPrompt], uses: [.prefixCacheMatch],
    produces: [.prefixProposal], stability: .alpha
  ) { context in
    let decoder = context.parameters
    var parameters = ConsistentPrefixProducer.Parameters()
    parameters.prefixTokens = decoder.int(
      "prefixTokens", default: parameters.prefixTokens,
      range: ConsistentPrefixProducer.blockSize...ConsistentPrefixProducer.maximumTokens)
    parameters.proposals = decoder.int("proposals", default: parameters.proposals, range: 1...64)
    let match = context.producer(of: .prefixCacheMatch, parameter: "prefixMatchInfoProducerName")
    return ConsistentPrefixProducer(
      parameters: parameters, match: PrefixMatchAttributes(context.attributes, producer: match),
      attributes: context.attributes, name: context.publishedName(of: .prefixProposal))
  }
}
