/// Answers may take as long as models take.
enum RouteTimeoutRule: CheckRule {
  private static let enough = 60.0

  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding] {
    guard let timeout = path.route.timeout, timeout < enough else { return [] }
    let isDefault = timeout == Route.defaultTimeout
    return [
      Finding(
        "route-timeout", .warning, at: path.place,
        "a response must end within \(DurationWords.text(timeout))" + (isDefault ? ", the default" : ""),
        effect: "longer answers, and requests that queue in a model server, are cut off with 504",
        remedy: "set the route's timeout to what the longest answer takes, or to 0s for no limit")
    ]
  }
}
