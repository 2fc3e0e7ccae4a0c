import Foundation

extension CheckReport {
  /// The report as one JSON object, with a line break at its end.
  public var json: String {
    let document = Document(
      source: source, verdict: verdict, severity: severity?.name ?? "none",
      paths: paths.map { path in
        Document.Path(
          place: path.place, filter: path.filter, picker_cluster: path.pickerCluster, pool_cluster: path.poolCluster,
          facts: Dictionary(path.facts.all.map { ($0.topic, $0.text) }) { first, _ in first })
      },
      findings: findings.map { finding in
        Document.Finding(
          rule: finding.rule, severity: finding.severity.name, place: finding.place, problem: finding.problem,
          effect: finding.effect, remedy: finding.remedy)
      })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // Encoding texts cannot fail.
    return ((try? encoder.encode(document)).map { String(decoding: $0, as: UTF8.self) } ?? "{}") + "\n"
  }

  private struct Document: Encodable {
    struct Path: Encodable {
      let place: String
      let filter: String
      let picker_cluster: String?
      let pool_cluster: String
      let facts: [String: String]
    }

    struct Finding: Encodable {
      let rule: String
      let severity: String
      let place: String
      let problem: String
      let effect: String
      let remedy: String
    }

    let source: String
    let verdict: String
    let severity: String
    let paths: [Path]
    let findings: [Finding]
  }
}
