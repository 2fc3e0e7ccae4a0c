/// What this process counts as in flight on each endpoint, asked for at each scrape.
///
/// The llm-d router splits these gauges by flow; here the labels `fairness_id` and `priority` are empty, and the sums
/// over them are the same.
public struct InFlightCollector: MetricsCollector {
  /// One endpoint's load.
  public struct Sample: Sendable, Hashable {
    /// The endpoint.
    public var endpoint: String
    /// Its namespace.
    public var namespace: String
    /// Requests in flight.
    public var requests: Int
    /// Prompt tokens of requests in flight that wait for their first token.
    public var tokens: Int

    /// The load of an endpoint.
    public init(endpoint: String, namespace: String, requests: Int, tokens: Int) {
      self.endpoint = endpoint
      self.namespace = namespace
      self.requests = requests
      self.tokens = tokens
    }
  }

  private let samples: @Sendable () -> (producer: String, samples: [Sample])

  /// - Parameter samples: every endpoint, and the name of the producer that counts. Called from whatever thread scrapes.
  public init(samples: @escaping @Sendable () -> (producer: String, samples: [Sample])) {
    self.samples = samples
  }

  /// Writes `inflight_requests` and `inflight_tokens`.
  public func collect(into writer: inout MetricsWriter) {
    let (producer, samples) = samples()
    guard !samples.isEmpty else { return }
    func labels(_ sample: Sample) -> [(name: String, value: String)] {
      [
        ("endpoint_name", sample.endpoint), ("namespace", sample.namespace), ("producer_name", producer),
        ("fairness_id", ""), ("priority", ""),
      ]
    }
    writer.family(
      TwinRegistrar.newerPrefix + "inflight_requests", kind: .gauge, help: "Requests in flight on an endpoint.".alpha)
    for sample in samples { writer.sample(Double(sample.requests), labels: labels(sample)) }
    writer.family(
      TwinRegistrar.newerPrefix + "inflight_tokens", kind: .gauge,
      help: "Prompt tokens in flight on an endpoint that wait for their first token.".alpha)
    for sample in samples { writer.sample(Double(sample.tokens), labels: labels(sample)) }
  }
}
