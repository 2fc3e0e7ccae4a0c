/// One request of a trace: when it came and how large it was, not what it said.
public struct ReplayRequest: Sendable, Hashable {
  /// When it arrives, in seconds from the start of the trace.
  public var arrival: Double
  /// Tokens of the prompt.
  public var promptTokens: Int
  /// Tokens of the answer, at least 1.
  public var outputTokens: Int
  /// One number for each ``PromptBlocks/tokensPerBlock`` tokens of the prompt, the last block possibly shorter. Equal
  /// numbers mean an equal prompt up to and including that block.
  public var blocks: [UInt64]
  /// The model asked for.
  public var model: String
  /// The endpoint that was picked when the trace was taken; nil when that is unknown.
  public var recordedEndpoint: String?

  /// A request.
  public init(
    arrival: Double, promptTokens: Int, outputTokens: Int, blocks: [UInt64], model: String = "model",
    recordedEndpoint: String? = nil
  ) {
    self.arrival = arrival
    self.promptTokens = promptTokens
    self.outputTokens = outputTokens
    self.blocks = blocks
    self.model = model
    self.recordedEndpoint = recordedEndpoint
  }
}

/// Requests in order of arrival, with the size of the blocks that their prompts are told by.
public struct Trace: Sendable, Hashable {
  /// The requests, in order of arrival.
  public var requests: [ReplayRequest]
  /// Tokens of a block of ``ReplayRequest/blocks``.
  public var tokensPerBlock: Int

  /// A trace; the requests are put in order of arrival, those of one moment stay in the order given.
  public init(requests: [ReplayRequest], tokensPerBlock: Int) {
    self.requests = requests.enumerated().sorted { ($0.element.arrival, $0.offset) < ($1.element.arrival, $1.offset) }
      .map(\.element)
    self.tokensPerBlock = max(1, tokensPerBlock)
  }

  /// The same requests, arriving `factor` times as fast.
  public func faster(by factor: Double) -> Trace {
    var trace = self
    for index in trace.requests.indices { trace.requests[index].arrival /= factor }
    return trace
  }

  /// The first `count` requests.
  public func prefix(_ count: Int) -> Trace {
    var trace = self
    trace.requests = Array(requests.prefix(max(0, count)))
    return trace
  }
}

/// A trace, a setting or a configuration that cannot be replayed.
public struct ReplayError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong and where.
  public let description: String

  /// An error with its message.
  public init(_ description: String) {
    self.description = description
  }
}
