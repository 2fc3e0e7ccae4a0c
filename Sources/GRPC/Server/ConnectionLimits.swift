/// How many connections a server keeps, and how long it waits for their peers.
public struct ConnectionLimits: Sendable {
  /// Most connections open at the same time; further ones are closed at once.
  public var maxConnections = 10_000
  /// Most streams a peer may have open on one connection.
  public var maxConcurrentStreams = 100_000
  /// Most bytes of the headers of one stream, each counted with 32 more; a stream with more is reset.
  public var maxHeaderBytes = 64 << 10
  /// Seconds a new connection has for its TLS handshake and its first SETTINGS; 0 for any time.
  public var handshakeSeconds = 10
  /// Seconds a stream may be open until there is an answer, so that a request that drips is given up; 0 for any time.
  public var requestSeconds = 900
  /// Seconds for which a peer may take nothing of what waits for it, on a stream or a connection; 0 for any time.
  public var stallSeconds = 300
  /// Streams a peer may reset before they were answered, per second.
  public var unfinishedResetsPerSecond = 10_000
  /// Frames that carry nothing a peer may send, per second.
  public var controlFramesPerSecond = 20_000

  /// Creates the default limits.
  public init() {}
}
