/// A span that is over, ready to be exported.
public struct FinishedSpan: Sendable, Hashable {
  /// A value of an attribute.
  public enum Value: Sendable, Hashable {
    case string(String)
    case integer(Int)
  }

  /// A named value.
  public struct Attribute: Sendable, Hashable {
    /// The name.
    public let key: String
    /// The value.
    public let value: Value

    /// A named value.
    public init(_ key: String, _ value: Value) {
      self.key = key
      self.value = value
    }
  }

  /// On which side of a call the span is.
  public enum Kind: UInt64, Sendable, Hashable {
    case inner = 1
    case server = 2
  }

  /// What the span is about.
  public var name: String
  /// Its place in the trace.
  public var context: TraceContext
  /// The span it is part of; 0 for none.
  public var parentSpanID: UInt64
  /// On which side of a call it is.
  public var kind: Kind
  /// Nanoseconds since 1970.
  public var start: UInt64
  /// Nanoseconds since 1970.
  public var end: UInt64
  /// What is known of it.
  public var attributes: [Attribute]
  /// What went wrong; nil when nothing did.
  public var error: String?

  /// A span.
  public init(
    name: String, context: TraceContext, parentSpanID: UInt64, kind: Kind, start: UInt64, end: UInt64,
    attributes: [Attribute] = [], error: String? = nil
  ) {
    self.name = name
    self.context = context
    self.parentSpanID = parentSpanID
    self.kind = kind
    self.start = start
    self.end = end
    self.attributes = attributes
    self.error = error
  }
}
