import Endpoints
import KVCacheEvents
import Scheduling

/// A pool of three endpoints and a precise index that servers' events can be put into.
final class PrecisePool {
  let pool = TestPool(3)
  let requests = Requests()
  let space = AttributeSpace()
  let producer: PrecisePrefixCacheProducer
  private let index: PreciseIndex

  /// Blocks of two tokens unless told otherwise.
  init(_ change: (inout PrecisePrefixCacheProducer.Parameters) -> Void = { _ in }) {
    var parameters = PrecisePrefixCacheProducer.Parameters()
    parameters.blockSize = 2
    change(&parameters)
    producer = PrecisePrefixCacheProducer(parameters: parameters, attributes: space, name: "precise")
    index = PreciseIndex(hasher: producer.hasher, holders: producer.holders)
  }

  /// The server of endpoint number 1, 2 … tells that it holds a prompt.
  func store(
    _ tokens: [UInt32], on number: Int, tier: CacheTier = .gpu, adapter: String = "", extras: [[[UInt8]]] = []
  ) throws {
    let size = producer.parameters.blockSize
    let blocks = StoredBlocks(
      hashes: (0..<UInt64(tokens.count / size)).map { $0 + 1 }, parent: nil, tokens: tokens, blockSize: size,
      tier: tier, adapter: adapter, extras: extras)
    index.apply(.stored(blocks), endpoint: number - 1, model: "llama")
  }

  /// The server of an endpoint tells that its block with this place in a prompt is gone.
  func remove(_ place: UInt64, on number: Int, tier: CacheTier = .gpu) {
    index.apply(.removed(hashes: [place + 1], tier: tier, group: nil), endpoint: number - 1, model: "llama")
  }

  /// Begins a cycle for a request and has the producer look it up.
  func produce(_ request: SchedulingRequest, now: Double = 0) {
    pool.cycle.begin(request, now: now)
    producer.produce(pool.cycle)
  }

  /// The scores of `prefix-cache-scorer`.
  var scores: [Double] { PrefixCacheScorer(match: match).scores(pool.cycle) }

  private var match: PrefixMatchAttributes { PrefixMatchAttributes(space, producer: "precise") }
  var matched: [Double]? { pool.cycle.attribute(match.matchedBlocks).map { Array($0) } }
  var total: Double? { pool.cycle.scalar(match.totalBlocks) }
  var blockSize: Double? { pool.cycle.scalar(match.blockSize) }
}
