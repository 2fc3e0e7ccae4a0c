/// Runs of the same trace side by side.
public struct ReplayReport: Sendable, Hashable {
  /// What was replayed.
  public let source: String
  /// The runs; the others are compared with the first.
  public let runs: [ReplayRun]
  /// Share of the requests whose server differs from the one recorded in the trace, for each run; nil for a trace
  /// without recorded picks.
  public let recordedDisagreement: [Double]?

  /// A report.
  /// - Parameter recorded: the recorded pick of each request as the index of a server.
  public init(source: String, runs: [ReplayRun], recorded: [Int?]? = nil) {
    self.source = source
    self.runs = runs
    recordedDisagreement = recorded.map { recorded in
      runs.map { run in
        let known = zip(recorded, run.outcomes).filter { $0.0 != nil }
        return known.isEmpty ? 0 : Double(known.count { $0.0 != $0.1.server }) / Double(known.count)
      }
    }
  }

  /// One line of the table.
  struct Row {
    let title: String
    let values: [String]
  }

  var rows: [Row] {
    func row(_ title: String, _ value: (ReplaySummary) -> String) -> Row {
      Row(title: title, values: runs.map { value($0.summary) })
    }
    var rows = [
      row("requests") { String($0.requests) },
      row("turned away") { String($0.unserved) },
      row("prefix hit share") { Self.percent($0.prefixHitShare) },
      row("of the ceiling") { Self.percent($0.shareOfCeiling) },
      row("goodput") { Self.percent($0.goodput) },
      row("load spread") { Self.decimal($0.loadSpread, places: 3) },
      row("queue time p50") { Self.seconds($0.queueTime.percentile(0.5)) },
      row("queue time p99") { Self.seconds($0.queueTime.percentile(0.99)) },
      row("TTFT mean") { Self.seconds($0.timeToFirstToken.mean) },
      row("TTFT p50") { Self.seconds($0.timeToFirstToken.percentile(0.5)) },
      row("TTFT p90") { Self.seconds($0.timeToFirstToken.percentile(0.9)) },
      row("TTFT p99") { Self.seconds($0.timeToFirstToken.percentile(0.99)) },
      row("latency p50") { Self.seconds($0.latency.percentile(0.5)) },
      row("latency p99") { Self.seconds($0.latency.percentile(0.99)) },
    ]
    if let first = runs.first, runs.count > 1 {
      rows.append(
        Row(
          title: "other server than \(first.name)",
          values: ["–"] + runs.dropFirst().map { Self.percent($0.disagreement(with: first)) }))
    }
    if let recordedDisagreement {
      rows.append(Row(title: "other server than recorded", values: recordedDisagreement.map(Self.percent)))
    }
    return rows
  }

  static func percent(_ share: Double) -> String { decimal(share * 100, places: 1) + " %" }

  static func seconds(_ value: Double) -> String {
    value < 1 ? "\(decimal(value * 1_000, places: 1)) ms" : "\(decimal(value, places: 2)) s"
  }

  /// A number of 0 or more with so many decimal places.
  static func decimal(_ value: Double, places: Int) -> String {
    let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
    let scaled = Int((value * scale).rounded())
    let fraction = String(scaled % Int(scale))
    guard places > 0 else { return String(scaled) }
    return "\(scaled / Int(scale))." + String(repeating: "0", count: places - fraction.count) + fraction
  }
}
