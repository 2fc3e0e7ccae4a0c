/// One endpoint as the dashboard shows it.
package struct EndpointReading: Sendable, Hashable {
  package var name: String
  package var namespace: String
  package var address: String
  /// Requests waiting, as scraped.
  package var queue = 0.0
  /// Requests running, as scraped.
  package var running = 0.0
  /// Used part of the KV cache, 0…1, as scraped.
  package var kvCache = 0.0
  /// Requests in flight, placed by this process.
  package var inFlight = 0
  /// Prompt tokens of those that wait for their first token.
  package var inFlightTokens = 0
  /// Blocks in the prefix index.
  package var prefixBlocks = 0
  /// Picks since the process began.
  package var picks = 0.0
  /// Seconds since its metrics were read last; nil if never.
  package var age: Double?
  /// Failed scrapes since the last that succeeded.
  package var failures = 0
  /// What went wrong last; nil after a success.
  package var error: String?
  /// What its last page lacked; nil for nothing.
  package var missing: String?
  /// Whether it is left alone because its requests failed.
  package var isUnhealthy = false

  /// An endpoint about which nothing is known.
  package init(name: String, namespace: String = "default", address: String = "") {
    self.name = name
    self.namespace = namespace
    self.address = address
  }
}
