extension LoadPlan {
  /// What the plan asks for, in a line.
  var summary: String {
    var parts: [String] = []
    switch arrivals {
    case .closed(let inFlight): parts.append("closed loop with \(inFlight) in flight")
    case .open(let rate, let spacing): parts.append("open loop at \(Quantity.text(rate))/s, \(spacing.rawValue)")
    }
    parts.append(connections == 1 ? "1 connection" : "\(connections) connections")
    if usesTLS { parts.append("TLS") }
    switch bodies {
    case .chat(let shape):
      parts.append("bodies of \(shape.bytes) bytes, \(Quantity.text(shape.common * 100)) % common")
    case .trace(let rows, _, _): parts.append("bodies of a trace of \(rows.count) requests")
    }
    switch response {
    case .none: parts.append("no response phase")
    case .json(let bytes): parts.append("JSON response of \(bytes) bytes")
    case .events(let count, let bytes):
      let pace = messageInterval > 0 ? " every \(Quantity.text(Double(messageInterval) / 1e6)) ms" : " at once"
      parts.append("\(count) response events of \(bytes) bytes\(pace)")
    }
    return parts.joined(separator: ", ")
  }
}
