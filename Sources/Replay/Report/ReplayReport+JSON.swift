import Foundation

extension ReplayReport {
  /// The figures as one JSON object, with a line break at its end; times are in seconds.
  public var json: String {
    let document = Document(
      source: source,
      runs: runs.enumerated().map { index, run in
        let summary = run.summary
        return Document.Run(
          name: run.name, requests: summary.requests, turned_away: summary.unserved,
          prefix_hit_share: summary.prefixHitShare, share_of_ceiling: summary.shareOfCeiling,
          goodput: summary.goodput, load_spread: summary.loadSpread,
          mean_in_flight: summary.meanInFlight, queue_time: Document.Times(summary.queueTime),
          ttft: Document.Times(summary.timeToFirstToken), latency: Document.Times(summary.latency),
          duration: summary.duration,
          disagreement: index == 0 ? nil : run.disagreement(with: runs[0]),
          recorded_disagreement: recordedDisagreement?[index])
      })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // Encoding finite numbers cannot fail.
    return ((try? encoder.encode(document)).map { String(decoding: $0, as: UTF8.self) } ?? "{}") + "\n"
  }

  private struct Document: Encodable {
    struct Times: Encodable {
      let mean: Double
      let p50: Double
      let p90: Double
      let p99: Double

      init(_ distribution: Distribution) {
        mean = distribution.mean
        p50 = distribution.percentile(0.5)
        p90 = distribution.percentile(0.9)
        p99 = distribution.percentile(0.99)
      }
    }

    struct Run: Encodable {
      let name: String
      let requests: Int
      let turned_away: Int
      let prefix_hit_share: Double
      let share_of_ceiling: Double
      let goodput: Double
      let load_spread: Double
      let mean_in_flight: [Double]
      let queue_time: Times
      let ttft: Times
      let latency: Times
      let duration: Double
      let disagreement: Double?
      let recorded_disagreement: Double?
    }

    let source: String
    let runs: [Run]
  }
}
