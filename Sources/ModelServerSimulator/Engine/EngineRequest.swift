/// Identifies one sequence within the engine it was submitted to. Identifiers rise in order of submission.
public struct SequenceID: Hashable, Sendable, Comparable {
  /// The position in the order of submission.
  public let value: UInt64

  /// Whether `left` was submitted before `right`.
  public static func < (left: SequenceID, right: SequenceID) -> Bool { left.value < right.value }
}

/// One generation request as the engine sees it: sizes and block hashes, no text.
public struct EngineRequest: Sendable {
  /// Tokens of the prompt; an empty prompt counts as one token.
  public var promptTokens: Int
  /// Chained hashes of the prompt's full blocks: equal hashes mean an equal prompt up to and including that block.
  /// May be shorter than the prompt; the blocks without a hash are never shared.
  public var blockHashes: [UInt64]
  /// Tokens to generate, at least 1. The engine generates exactly this many.
  public var outputTokens: Int

  /// A request for `outputTokens` tokens after a prompt of `promptTokens` tokens.
  public init(promptTokens: Int, blockHashes: [UInt64], outputTokens: Int) {
    self.promptTokens = promptTokens
    self.blockHashes = blockHashes
    self.outputTokens = outputTokens
  }
}

/// Why a request was not accepted.
public enum EngineRequestError: Error, Equatable {
  /// Prompt and output together need more tokens than the whole KV cache holds.
  case exceedsCache(capacityTokens: Int)
  /// Fewer than one output token was asked for.
  case noOutput
}
