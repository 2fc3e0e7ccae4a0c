/// Errors of the data layer, counted by whoever reads the data sources and asked for at each scrape.
public struct DataLayerCollector: MetricsCollector {
  /// The counts of one source.
  public struct Sample: Sendable, Hashable {
    /// Type of the data source plugin.
    public var sourceType: String
    /// Type of the extractor plugin.
    public var extractorType: String
    /// Polls that failed.
    public var pollErrors: Int
    /// Answers from which something was missing.
    public var extractErrors: Int

    /// The counts of a source.
    public init(sourceType: String, extractorType: String, pollErrors: Int, extractErrors: Int) {
      self.sourceType = sourceType
      self.extractorType = extractorType
      self.pollErrors = pollErrors
      self.extractErrors = extractErrors
    }
  }

  private static let olderPrefix = "llm_d_inference_scheduler_"

  private let includesOlderNames: Bool
  private let samples: @Sendable () -> [Sample]

  /// - Parameter samples: the counts of every source. Called from whatever thread scrapes.
  public init(includesOlderNames: Bool = true, samples: @escaping @Sendable () -> [Sample]) {
    self.includesOlderNames = includesOlderNames
    self.samples = samples
  }

  /// Writes `datalayer_poll_errors_total` and `datalayer_extract_errors_total`.
  public func collect(into writer: inout MetricsWriter) {
    let samples = samples()
    guard !samples.isEmpty else { return }
    write("datalayer_poll_errors_total", "Failed polls of a data source.", &writer) { writer in
      for sample in samples { writer.sample(Double(sample.pollErrors), labels: [("source_type", sample.sourceType)]) }
    }
    write("datalayer_extract_errors_total", "Answers of a data source that lacked something.", &writer) { writer in
      for sample in samples {
        writer.sample(
          Double(sample.extractErrors),
          labels: [("source_type", sample.sourceType), ("extractor_type", sample.extractorType)])
      }
    }
  }

  private func write(
    _ name: String, _ help: String, _ writer: inout MetricsWriter, _ samples: (inout MetricsWriter) -> Void
  ) {
    let newer = TwinRegistrar.newerPrefix + name
    if includesOlderNames {
      writer.family(
        Self.olderPrefix + name, kind: .counter, help: "[ALPHA] [Deprecated: Use \(newer)] \(help)")
      samples(&writer)
    }
    writer.family(newer, kind: .counter, help: help.alpha)
    samples(&writer)
  }
}
