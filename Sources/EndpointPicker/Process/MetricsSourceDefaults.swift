/// What `metrics-data-source` does where its parameters say nothing, as the deprecated `--model-server-metrics-…` flags
/// set it.
public struct MetricsSourceDefaults: Sendable, Hashable {
  /// `http` or `https`.
  public var scheme = "http"
  /// Path of the metrics page.
  public var path = "/metrics"
  /// Port in place of each endpoint's own; nil for that.
  public var port: UInt16?
  /// Whether certificates of model servers are taken unseen.
  public var insecureSkipVerify = true

  /// The defaults without flags.
  public init() {}
}
