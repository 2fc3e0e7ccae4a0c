/// What became of one request. Times are in seconds.
public struct RequestOutcome: Sendable, Hashable {
  /// The server it went to; nil when it was turned away.
  public internal(set) var server: Int?
  /// Whether the server refused it, because it never fits in the KV cache.
  public internal(set) var isRefused = false
  /// Prompt tokens found in the server's prefix cache.
  public internal(set) var cachedTokens = 0
  /// From arrival until the server began to work on it.
  public internal(set) var queueTime: Double?
  /// From arrival until the first token.
  public internal(set) var timeToFirstToken: Double?
  /// From arrival until the last token.
  public internal(set) var latency: Double?
}
