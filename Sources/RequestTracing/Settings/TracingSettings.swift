/// How traces are sampled and where they go.
public struct TracingSettings: Sendable, Hashable {
  /// A collector that speaks OTLP over gRPC.
  public struct Collector: Sendable, Hashable {
    /// Host name or IP address.
    public var host = "localhost"
    /// The port.
    public var port = 4_317
    /// Whether to use TLS.
    public var usesTLS = false
    /// File with the certificates to trust in place of the system's; empty for those.
    public var certificateFile = ""
    /// Headers that every call carries.
    public var headers: [String: String] = [:]
    /// How long a call may take, in seconds.
    public var timeout = 10.0

    /// A collector on this machine.
    public init() {}
  }

  /// Which traces are recorded.
  public var sampler = TraceSampler(.ratio(0.1), followsParent: true)
  /// Where spans go.
  public var collector = Collector()
  /// What the process says of itself, `service.name` among it.
  public var resource: [String: String] = ["service.name": "llm-d-epp"]
  /// Most spans that wait.
  public var queueSize = 2_048
  /// Most spans in one call.
  public var batchSize = 512
  /// Longest time that a span waits before it is sent, in seconds.
  public var delay = 5.0

  /// The defaults.
  public init() {}
}

/// Settings that cannot be used.
public struct TracingSettingsError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The variable and what is wrong with it.
  public let description: String

  init(_ variable: String, _ reason: String) {
    description = "\(variable): \(reason)"
  }
}
