/// The picker has the time it needs to answer a message.
///
/// Envoy does not run this timer in full duplex, where an answer does not belong to one message (seen with 1.40).
enum MessageTimeoutRule: CheckRule {
  /// Below this a picker that waits for capacity (flow control) has no chance.
  private static let enough = 5.0

  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding] {
    let timeout = path.filter.messageTimeout
    let outcome = path.filter.failsOpen ? "goes on without a pick" : "fails with 504"
    guard path.filter.modes.requestBody != .fullDuplexStreamed, timeout < enough else { return [] }
    let isDefault = timeout == ExtProcFilter.defaultMessageTimeout
    return [
      Finding(
        "message-timeout", .warning, at: path.filterPlace,
        "the picker must answer each message within \(DurationWords.text(timeout))"
          + (isDefault ? ", the default" : ""),
        effect: "a request that waits for capacity in the picker, or meets it in a busy moment, \(outcome)",
        remedy: "set message_timeout: 300s")
    ]
  }
}

/// Durations as people write them.
enum DurationWords {
  static func text(_ seconds: Double) -> String {
    if seconds < 1 { return "\(Int((seconds * 1_000).rounded())) ms" }
    return seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
  }
}
