/// No other external processor gets in the way of the picker's bodies.
enum ProcessorChainRule: CheckRule {
  static func findings(on path: PickerPath, picker: PickerSettings) -> [Finding] {
    let modes = path.filter.modes
    guard modes.requestBody == .fullDuplexStreamed || modes.responseBody == .fullDuplexStreamed else { return [] }
    return path.otherProcessors.compactMap { other in
      guard
        (modes.requestBody == .fullDuplexStreamed && other.modes.requestBody == .fullDuplexStreamed)
          || (modes.responseBody == .fullDuplexStreamed && other.modes.responseBody == .fullDuplexStreamed)
      else { return nil }
      return Finding(
        "two-duplex-processors", .error, at: path.place,
        "two external processors work in full duplex, \"\(other.name)\" and the picker's \"\(path.filter.name)\"",
        effect: "bodies above a few kilobytes are truncated (envoyproxy/envoy issue 41654)",
        remedy: "let \"\(other.name)\" work in mode BUFFERED, or join the two")
    }
  }
}
