/// Streams to the picker live as long as the requests they belong to.
enum StreamTimeoutRule: CheckRule {
  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding] {
    guard let timeout = path.filter.streamTimeout, timeout < path.route.timeout ?? .infinity else { return [] }
    let route = path.route.timeout.map(DurationWords.text) ?? "no limit"
    return [
      Finding(
        "stream-timeout", .warning, at: path.filterPlace,
        "streams to the picker end after \(DurationWords.text(timeout)) (grpc_service.timeout); the route allows \(route)",
        effect: "answers that take longer are cut off in the middle",
        remedy: "remove grpc_service.timeout")
    ]
  }
}
