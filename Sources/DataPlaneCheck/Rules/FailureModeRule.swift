/// What happens without the picker is what the operator believes.
enum FailureModeRule: CheckRule {
  private static let rule = "failure-mode"

  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding] {
    guard path.filter.failsOpen else {
      return [
        Finding(
          rule, .notice, at: path.filterPlace, "requests fail when the picker does (failure_mode_allow is off)",
          effect: "the picker is needed for every request",
          remedy: "run more than one replica of it")
      ]
    }
    if path.filter.modes.requestBody == .fullDuplexStreamed {
      return [
        Finding(
          rule, .warning, at: path.filterPlace, "the filter is to fail open, in full duplex",
          effect: "requests with a body cannot: without the picker they fail with 500 all the same",
          remedy: "set failure_mode_allow: false to say what happens, or use request_body_mode: BUFFERED")
      ]
    }
    if case .subset(_, fallsBack: false) = path.pool?.destination {
      return [
        Finding(
          rule, .warning, at: path.filterPlace, "the filter is to fail open, before subsets without a fallback",
          effect: "a request without a pick belongs to no subset and fails with 503 all the same",
          remedy: "set lb_subset_config.fallback_policy: ANY_ENDPOINT in cluster \"\(path.poolName)\"")
      ]
    }
    if case .originalDestination = path.pool?.destination {
      return [
        Finding(
          rule, .warning, at: path.filterPlace, "the filter is to fail open, before an ORIGINAL_DST cluster",
          effect: "a request without a pick has no destination and fails with 503 all the same",
          remedy: "use the override_host policy with a fallback_policy in cluster \"\(path.poolName)\", or set "
            + "failure_mode_allow: false")
      ]
    }
    return [
      Finding(
        rule, .notice, at: path.filterPlace, "requests go on without a pick when the picker fails",
        effect: "they are balanced without regard to load and cached prefixes")
    ]
  }
}
