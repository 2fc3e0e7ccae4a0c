/// What the endpoints hold of one request's blocks; reused from request to request.
public struct PreciseMatches: Sendable {
  /// Blocks from the first on that an endpoint holds without a hole, by the endpoint's number.
  public internal(set) var blocks: [Int32]
  /// The sum of the weights of those blocks' tiers, by the endpoint's number.
  public internal(set) var weights: [Double]

  /// Room for endpoints numbered `0..<endpoints`; others are left out.
  public init(endpoints: Int) {
    blocks = Array(repeating: 0, count: max(0, endpoints))
    weights = Array(repeating: 0, count: max(0, endpoints))
  }

  mutating func reset() {
    for index in blocks.indices {
      blocks[index] = 0
      weights[index] = 0
    }
  }
}
