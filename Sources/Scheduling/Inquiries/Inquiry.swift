/// A question to another process about a request that is to be scheduled: an HTTP POST of a JSON document.
public struct Inquiry: Sendable {
  /// The plugin that asks.
  public let id: InquiryID
  /// Where to send it, `http` or `https`.
  public let url: String
  /// The JSON document.
  public let body: [UInt8]
  /// Seconds after which no answer counts as one; positive.
  public let timeout: Double
  /// What the plugin needs to know to understand the answer, such as the endpoints it asked about.
  public let context: (any Sendable)?

  /// Creates a question.
  public init(id: InquiryID, url: String, body: [UInt8], timeout: Double, context: (any Sendable)? = nil) {
    self.id = id
    self.url = url
    self.body = body
    self.timeout = timeout
    self.context = context
  }
}

/// What came of an ``Inquiry``.
public struct InquiryAnswer: Sendable {
  /// How it ended.
  public enum Outcome: Sendable, Hashable {
    /// The other process answered, with whatever status.
    case response(status: Int, body: [UInt8])
    /// No answer came, or one that is too long; the text is for logs.
    case failure(String)
  }

  /// The plugin that asked.
  public let id: InquiryID
  /// How it ended.
  public let outcome: Outcome
  /// The question's context.
  public let context: (any Sendable)?

  /// The answer to a question.
  public init(to inquiry: Inquiry, _ outcome: Outcome) {
    id = inquiry.id
    context = inquiry.context
    self.outcome = outcome
  }

  /// The body of an answer with status 200; nil for any other end.
  public var okBody: [UInt8]? {
    guard case .response(status: 200, let body) = outcome else { return nil }
    return body
  }
}
