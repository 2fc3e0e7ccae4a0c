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

  private let samples: @Sendable () -> [(producer: String, samples: [Sample])]

  /// - Parameter samples: for each pool its endpoints, and the name of the producer that counts there. What several
  ///   pools count on the same endpoint under the same name is added up. Called from whatever thread scrapes.
  public init(samples: @escaping @Sendable () -> [(producer: String, samples: [Sample])]) {
    self.samples = samples
  }

  /// Writes `inflight_requests` and `inflight_tokens`.
  public func collect(into writer: inout MetricsWriter) {
    var lines: [Line] = []
    var places: [[String]: Int] = [:]
    for (producer, samples) in samples() {
      for sample in samples {
        let key = [producer, sample.namespace, sample.endpoint]
        if let place = places[key] {
          lines[place].sample.requests += sample.requests
          lines[place].sample.tokens += sample.tokens
        } else {
          places[key] = lines.count
          lines.append(Line(producer: producer, sample: sample))
        }
      }
    }
    guard !lines.isEmpty else { return }
    writer.family(
      TwinRegistrar.newerPrefix + "inflight_requests", kind: .gauge, help: "Requests in flight on an endpoint.".alpha)
    for line in lines { writer.sample(Double(line.sample.requests), labels: line.labels) }
    writer.family(
      TwinRegistrar.newerPrefix + "inflight_tokens", kind: .gauge,
      help: "Prompt tokens in flight on an endpoint that wait for their first token.".alpha)
    for line in lines { writer.sample(Double(line.sample.tokens), labels: line.labels) }
  }

  private struct Line {
    let producer: String
    var sample: Sample

    var labels: [(name: String, value: String)] {
      [
        ("endpoint_name", sample.endpoint), ("namespace", sample.namespace), ("producer_name", producer),
        ("fairness_id", ""), ("priority", ""),
      ]
    }
  }
}
