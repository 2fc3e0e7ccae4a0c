/// How a decision came about, for people. Collected only when asked for.
public final class DecisionTrace {
  /// What one filter did.
  public struct FilterResult: Sendable {
    /// Most dropped candidates that are listed.
    static let maximumDropped = 16

    /// Name of the filter.
    public let name: String
    /// Candidates it left.
    public let left: Int
    /// Addresses of candidates it dropped, the first of them if there are many.
    public let dropped: [String]
  }

  /// What one scorer said.
  public struct ScorerScores: Sendable {
    /// Name of the scorer.
    public let name: String
    /// Its weight in the profile.
    public let weight: Double
    /// Its scores after clamping, before the weight, in the order of ``ProfileTrace/endpoints``.
    public let scores: [Double]
    /// The times behind the scores in seconds, in the same order; empty for scorers that do not estimate times.
    public var estimates: [Double] = []
  }

  /// What one profile did.
  public struct ProfileTrace: Sendable {
    /// Name of the profile.
    public let name: String
    /// Filters in order.
    public internal(set) var filters: [FilterResult] = []
    /// Addresses of the candidates that were scored.
    public internal(set) var endpoints: [String] = []
    /// The scorers in order.
    public internal(set) var scorers: [ScorerScores] = []
    /// Creates the trace of a profile that has done nothing yet.
    public init(name: String) {
      self.name = name
    }

    /// Weighted sums in the order of ``endpoints``.
    public internal(set) var totals: [Double] = []
    /// Addresses of the endpoints picked, best first.
    public internal(set) var picks: [String] = []
  }

  /// The prompt as the first prefix producer that ran cut it.
  public struct PromptBlocks: Sendable {
    /// Tokens of one block.
    public let tokensPerBlock: Int
    /// Blocks of all prompts.
    public let count: Int
    /// Hashes of the first blocks, those of one prompt after those of another; at least the first block's.
    public let hashes: [UInt64]
  }

  /// The profiles that ran, in order.
  public internal(set) var profiles: [ProfileTrace] = []
  /// Name of the profile whose picks are the destination.
  public internal(set) var primaryProfile: String?
  /// Candidates before any filter.
  public internal(set) var candidateCount = 0
  /// The prompt's blocks; nil without a prefix producer or without a prompt.
  public private(set) var blocks: PromptBlocks?
  /// Most block hashes to note.
  private let maximumBlocks: Int

  /// Creates a trace.
  /// - Parameter maximumBlocks: most block hashes of the prompt to note, at least 1.
  public init(profiles: [ProfileTrace] = [], maximumBlocks: Int = 1) {
    self.profiles = profiles
    self.maximumBlocks = max(1, maximumBlocks)
  }

  /// Notes the blocks of a prompt, for producers; the first to do so counts.
  public func noteBlocks(tokensPerBlock: Int, count: Int, hashes: UnsafeBufferPointer<UInt64>) {
    guard blocks == nil, count > 0 else { return }
    blocks = PromptBlocks(
      tokensPerBlock: tokensPerBlock, count: count, hashes: Array(hashes.prefix(maximumBlocks)))
  }
}
