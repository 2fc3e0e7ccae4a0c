/// How much of a request's prompt an endpoint holds already.
public struct PrefixMatch: Sendable, Hashable {
  /// Leading blocks of the prompts that the endpoint holds.
  public let matchedBlocks: Int
  /// Blocks of the prompts.
  public let totalBlocks: Int
  /// Tokens of one block.
  public let tokensPerBlock: Int

  /// Creates a match.
  public init(matchedBlocks: Int, totalBlocks: Int, tokensPerBlock: Int) {
    self.matchedBlocks = matchedBlocks
    self.totalBlocks = totalBlocks
    self.tokensPerBlock = tokensPerBlock
  }
}

/// A producer that knows which endpoints hold which prefixes, for metrics and the decision log.
public protocol PrefixMatchSource: Producer {
  /// What the endpoint chosen had of the prompt; nil without a prompt. To be asked after the request was placed.
  func placedMatch(_ cycle: SchedulingCycle) -> PrefixMatch?
}
