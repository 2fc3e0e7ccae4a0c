/// What the endpoints hold of one prompt's blocks; reused from prompt to prompt.
public struct PreciseMatches: Sendable {
  /// Blocks from the first on that an endpoint holds without a hole, by the endpoint's number.
  public internal(set) var blocks: [Int32]
  /// The sum of the weights of those blocks' tiers, by the endpoint's number.
  public internal(set) var weights: [Double]
  /// The endpoints that hold the first block.
  public private(set) var touched: [Int] = []

  /// Room for endpoints numbered `0..<endpoints`; others are left out.
  public init(endpoints: Int) {
    blocks = Array(repeating: 0, count: max(0, endpoints))
    weights = Array(repeating: 0, count: max(0, endpoints))
  }

  /// Starts over with room for endpoints numbered `0..<endpoints` at least. Costs as much as there were matches.
  public mutating func reset(endpoints: Int = 0) {
    for endpoint in touched {
      blocks[endpoint] = 0
      weights[endpoint] = 0
    }
    touched.removeAll(keepingCapacity: true)
    guard blocks.count < endpoints else { return }
    blocks += Array(repeating: 0, count: endpoints - blocks.count)
    weights += Array(repeating: 0, count: endpoints - weights.count)
  }

  /// Adds the block after those an endpoint holds.
  mutating func add(_ weight: Double, to endpoint: Int) {
    if blocks[endpoint] == 0 { touched.append(endpoint) }
    blocks[endpoint] += 1
    weights[endpoint] += weight
  }
}
