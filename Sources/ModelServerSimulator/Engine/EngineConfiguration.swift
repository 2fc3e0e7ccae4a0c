/// The speeds and limits of one simulated engine.
public struct EngineConfiguration: Sendable, Equatable {
  /// Prompt tokens computed per second, 1...1e12.
  public var prefillTokensPerSecond: Double = 8000
  /// Time of one step that decodes a single sequence, in seconds, 0...60. No step is shorter: a forward pass has to
  /// read the weights however little it computes.
  public var decodeStepSeconds: Double = 0.012
  /// Time each further decoding sequence adds to a step, in seconds, 0...1.
  public var decodeStepPerSequenceSeconds: Double = 0.0001
  /// Most sequences running at once, 1...65536.
  public var maxSequences: Int = 256
  /// Most tokens, prefill and decode together, computed in one step, 1...16777216.
  public var maxBatchedTokens: Int = 2048
  /// KV-cache blocks, 1...16777216.
  public var blockCount: Int = 8192
  /// Tokens in one KV-cache block, 1...4096.
  public var blockSize: Int = 16

  /// The defaults: roughly an 8B model on one accelerator.
  public init() {}

  /// Checks every range above.
  ///
  /// - Throws: ``ConfigurationError`` naming the first field that is out of its range.
  public func validate() throws(ConfigurationError) {
    try Self.check(prefillTokensPerSecond, in: 1...1e12, "prefill-tokens-per-second")
    try Self.check(decodeStepSeconds, in: 0...60, "decode-step-ms (in seconds)")
    try Self.check(decodeStepPerSequenceSeconds, in: 0...1, "decode-step-per-sequence-ms (in seconds)")
    try Self.check(maxSequences, in: 1...65536, "max-num-seqs")
    try Self.check(maxBatchedTokens, in: 1...16_777_216, "max-batched-tokens")
    try Self.check(blockCount, in: 1...16_777_216, "num-gpu-blocks")
    try Self.check(blockSize, in: 1...4096, "block-size")
  }

  static func check<Value: Comparable & Sendable>(
    _ value: Value, in range: ClosedRange<Value>, _ field: String
  ) throws(ConfigurationError) {
    guard range.contains(value) else {
      throw ConfigurationError(
        field: field, reason: "is \(value), must be \(range.lowerBound)...\(range.upperBound)")
    }
  }
}

/// A setting that cannot be used.
public struct ConfigurationError: Error, CustomStringConvertible, Equatable {
  /// The setting, by the name of its command-line flag.
  public let field: String
  /// What is wrong with it.
  public let reason: String

  /// An error about the setting `field`.
  public init(field: String, reason: String) {
    self.field = field
    self.reason = reason
  }

  /// The setting and what is wrong with it.
  public var description: String { "\(field): \(reason)" }
}
