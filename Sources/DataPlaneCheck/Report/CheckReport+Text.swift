extension CheckReport {
  /// The report for people, with a line break at its end.
  public var text: String {
    var lines: [String] = []
    for path in paths {
      lines.append("\(path.place) → picker \"\(path.pickerCluster ?? "?")\", pool \"\(path.poolCluster)\"")
      let width = path.facts.all.map(\.topic.count).max() ?? 0
      for fact in path.facts.all {
        let padding = String(repeating: " ", count: width - fact.topic.count)
        lines.append("  \(fact.topic)\(padding)  \(fact.text)")
      }
      lines.append("")
    }
    for finding in findings {
      lines.append("\(finding.severity.name.uppercased())  \(finding.place): \(finding.problem)  [\(finding.rule)]")
      lines.append("  breaks: \(finding.effect)")
      if !finding.remedy.isEmpty { lines.append("  mend:   \(finding.remedy)") }
      lines.append("")
    }
    let counts = Severity.allCases.reversed().map { severity in
      let count = findings.count { $0.severity == severity }
      return "\(count) \(severity.name)\(count == 1 ? "" : "s")"
    }
    lines.append("\(source): \(verdict) (\(counts.joined(separator: ", ")))")
    return lines.joined(separator: "\n") + "\n"
  }
}
