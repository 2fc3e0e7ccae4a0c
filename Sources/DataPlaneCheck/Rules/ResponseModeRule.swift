/// Responses pass the picker without harm, and it learns when they end.
enum ResponseModeRule: CheckRule {
  private static let rule = "response-body-mode"

  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding] {
    let modes = path.filter.modes
    let isReleasedEarly = EarlyRelease.isPossible(path.filter) && picker.releasesStreamsEarly
    guard !isReleasedEarly else { return [] }
    switch modes.responseBody {
    case .buffered, .bufferedPartial:
      var remedy = "set processing_mode.response_body_mode: FULL_DUPLEX_STREAMED (with response_trailer_mode: SEND)"
      if EarlyRelease.isPossible(path.filter) {
        remedy = "start epp with --early-stream-release, which makes the proxy keep responses to itself; or " + remedy
      }
      return [
        Finding(
          rule, .warning, at: path.filterPlace, "responses are buffered whole (\(modes.responseBody.rawValue))",
          effect: "streamed answers arrive in one piece at their end, and those above "
            + "\(BufferLimitRule.words(path.chain.bufferLimit)) fail",
          remedy: remedy)
      ]
    case .none:
      let end = modes.responseHeaders ? "only when the stream ends" : "only by the stream's end, not when it begins,"
      return [
        Finding(
          rule, .notice, at: path.filterPlace, "response bodies are not sent to the picker (NONE)",
          effect: "it cannot count tokens, and learns \(end) that a response is over",
          remedy: "set processing_mode.response_body_mode: FULL_DUPLEX_STREAMED and response_trailer_mode: SEND for "
            + "token metrics")
      ]
    case .streamed, .fullDuplexStreamed:
      return []
    }
  }
}

/// Ending streams with the request.
enum EarlyRelease {
  /// Whether the picker can end the stream early: never in full duplex, where that loses data.
  static func isPossible(_ filter: ExtProcFilter) -> Bool {
    let isBuffered = filter.modes.requestBody == .buffered || filter.modes.requestBody == .bufferedPartial
    return filter.allowsModeOverride && isBuffered && filter.modes.responseBody != .fullDuplexStreamed
  }
}
