/// The picker sees the prompt before it has to choose.
enum RequestModeRule: CheckRule {
  private static let rule = "request-body-mode"
  private static let remedy =
    "set processing_mode.request_body_mode: FULL_DUPLEX_STREAMED and request_trailer_mode: SEND"

  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding] {
    func finding(_ problem: String, _ effect: String) -> [Finding] {
      [Finding(rule, .warning, at: path.filterPlace, problem, effect: effect, remedy: remedy)]
    }
    switch path.filter.modes.requestBody {
    case .fullDuplexStreamed, .buffered:
      return []
    case .none:
      return finding(
        "request bodies are not sent to the picker (NONE)",
        "it knows neither model nor prompt: no prefix-cache routing, no model rewrites, no token counts; only load decides"
      )
    case .streamed:
      return finding(
        "request bodies are sent after the headers were answered (STREAMED)",
        "the pick is made on the headers alone: no prefix-cache routing, no model rewrites; only load decides")
    case .bufferedPartial:
      return finding(
        "request bodies are cut off at the buffer limit (BUFFERED_PARTIAL)",
        "a prompt above \(BufferLimitRule.words(path.chain.bufferLimit)) is not read, and such requests are picked by "
          + "load alone")
    }
  }
}
