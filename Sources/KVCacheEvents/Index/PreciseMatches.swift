/// What the endpoints hold of one prompt's blocks; reused from prompt to prompt.
public struct PreciseMatches: Sendable {
  struct Match {
    var blocks: Int32 = 0
    var weight = 0.0
  }

  /// By the endpoint's number.
  var matches: [Match]
  /// The endpoints that hold the first block.
  public internal(set) var touched: [Int] = []

  /// Room for endpoints numbered `0..<endpoints`; others are left out.
  public init(endpoints: Int) {
    matches = Array(repeating: Match(), count: max(0, endpoints))
  }

  /// Blocks from the first on that an endpoint holds without a hole, by the endpoint's number.
  public var blocks: [Int32] { matches.map(\.blocks) }

  /// The sum of the weights of those blocks' tiers, by the endpoint's number.
  public var weights: [Double] { matches.map(\.weight) }

  /// The sum of the weights of the tiers of the blocks that an endpoint, one there is room for, holds.
  public func weight(of endpoint: Int) -> Double { matches[endpoint].weight }

  /// Starts over with room for endpoints numbered `0..<endpoints` at least. Costs as much as there were matches.
  public mutating func reset(endpoints: Int = 0) {
    for endpoint in touched { matches[endpoint] = Match() }
    touched.removeAll(keepingCapacity: true)
    if matches.count < endpoints { matches += Array(repeating: Match(), count: endpoints - matches.count) }
  }
}
