/// Full duplex comes with trailers; Envoy refuses the configuration otherwise.
enum TrailerModeRule: CheckRule {
  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding] {
    let modes = path.filter.modes
    let directions = [
      ("request", modes.requestBody, modes.requestTrailers), ("response", modes.responseBody, modes.responseTrailers),
    ]
    return directions.compactMap { name, body, sendsTrailers in
      guard body == .fullDuplexStreamed, !sendsTrailers else { return nil }
      return Finding(
        "trailers", .error, at: path.filterPlace, "\(name) bodies are in full duplex and \(name) trailers are not sent",
        effect: "Envoy refuses the configuration", remedy: "set processing_mode.\(name)_trailer_mode: SEND")
    }
  }
}
