/// A dead endpoint does not fail the request.
enum FallbackRule: CheckRule {
  private static let rule = "fallback"

  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding] {
    guard let pool = path.pool else { return [] }
    let place = "cluster \"\(pool.name)\""
    switch pool.destination {
    case .originalDestination:
      let remedy = "use the override_host load balancing policy with the pool's hosts and a retry_policy"
      if let count = picker.maximumEndpoints, count > 1 {
        return [
          Finding(
            rule, .error, at: place, "the picker answers with up to \(count) endpoints, and ORIGINAL_DST takes one",
            effect: "every list fails with 503, no healthy upstream",
            remedy: "set maxNumOfEndpoints: 1 in the picker's configuration; or \(remedy)")
        ]
      }
      let retry = path.route.retries ? "; the route's retries go to the same dead address" : ""
      return [
        Finding(
          rule, .warning, at: place, "ORIGINAL_DST takes exactly one address and knows nothing of health",
          effect: "a request whose endpoint just died fails with 503\(retry), and a list of endpoints fails always",
          remedy: "\(remedy); until then keep the picker's maxNumOfEndpoints at 1")
      ]
    case .subset(_, let fallsBack):
      let outcome = fallsBack ? "is balanced without regard to load" : "fails with 503"
      let count = picker.maximumEndpoints ?? 1
      return [
        Finding(
          rule, count > 1 ? .error : .warning, at: place, "subsets of the cluster's hosts hold one endpoint each",
          effect:
            "an answer with several endpoints matches none and \(outcome), as does one that the cluster does not know",
          remedy: "use the override_host load balancing policy; until then keep the picker's maxNumOfEndpoints at 1")
      ]
    case .overrideHost:
      guard !path.route.retries else { return [] }
      return [
        Finding(
          rule, .notice, at: path.place, "the route does not retry",
          effect: "the next endpoint of a list is used on a retry only, so a dead first one fails the request",
          remedy: "add retry_policy {retry_on: \"connect-failure,reset\", num_retries: 2} to the route")
      ]
    case .ownBalancing:
      return []
    }
  }
}
