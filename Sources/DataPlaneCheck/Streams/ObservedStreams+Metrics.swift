extension ObservedStreams {
  private static let byMode = "epp_streams_by_mode_total"
  private static let openStreams = "epp_streams"

  /// Reads the metrics page of a running picker.
  /// - Parameter source: the name that errors give the page.
  /// - Throws: ``CheckError`` when it is not a picker's, or no stream has arrived yet.
  public init(metrics page: String, source: String) throws(CheckError) {
    self.init()
    for line in page.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]),
        let count = Int(exactly: value)
      else { continue }
      let series = line[..<space]
      if series == Self.openStreams { open = count }
      guard series.hasPrefix(Self.byMode + "{") else { continue }
      if let modes = Self.modes(series) { counts[modes, default: 0] += count } else { undeclared += count }
    }
    guard !counts.isEmpty || undeclared > 0 else {
      throw CheckError("\(source): no streams by mode (\(Self.byMode)); is this an epp that has served requests?")
    }
  }

  private static func modes(_ series: Substring) -> Modes? {
    func value(_ label: String) -> ProcessingModes.Body? {
      guard let start = series.firstRange(of: label + "=\"")?.upperBound else { return nil }
      return ProcessingModes.Body(rawValue: String(series[start...].prefix { $0 != "\"" }))
    }
    guard let request = value("request_body_mode"), let response = value("response_body_mode") else { return nil }
    return Modes(request: request, response: response)
  }
}
