/// Values that are computed when somebody scrapes.
public protocol MetricsCollector: Sendable {
  /// Writes whole families, each once. Called from whatever thread scrapes, possibly from several at once; a name that
  /// is also registered or that another collector writes would make the exposition invalid.
  func collect(into writer: inout MetricsWriter)
}
