/// The proxy listens to what the picker answers.
enum AnswersRule: CheckRule {
  private static let rule = "answers-ignored"

  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding] {
    var findings: [Finding] = []
    if path.filter.onlyObserves {
      findings.append(
        Finding(
          rule, .error, at: path.filterPlace, "the filter only observes (observability_mode)",
          effect: "picks are never followed", remedy: "set observability_mode: false"))
    }
    if !path.filter.modes.requestHeaders {
      findings.append(
        Finding(
          rule, .error, at: path.filterPlace, "request headers are not sent to the picker",
          effect: "it can neither read the path nor answer with a destination",
          remedy: "set processing_mode.request_header_mode: SEND"))
    }
    if let obstacle = path.filter.mutationObstacle {
      findings.append(
        Finding(
          rule, .error, at: path.filterPlace, "mutation_rules keep answers from setting headers (\(obstacle))",
          effect: "the header \(PickerNames.destination) is dropped, and with it the pick",
          remedy: "remove mutation_rules, or allow \(PickerNames.destination) by allow_expression"))
    }
    return findings
  }
}
