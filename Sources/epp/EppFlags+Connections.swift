import EndpointPicker
import GRPC

extension EppFlags {
  /// How many connections there may be, and how long their peers may take.
  func connectionLimits() throws -> ConnectionLimits {
    var limits = ConnectionLimits()
    limits.maxConnections = try count(maxConnections, "max-connections", 1...1_000_000)
    limits.maxConcurrentStreams = try count(maxConcurrentStreams, "max-concurrent-streams", 1...1_000_000)
    limits.maxHeaderBytes = try bytes(maxHeaderBytes, "max-header-bytes")
    // A block of more frames ends the connection, whatever its stream may have.
    guard (1_024...128 << 10).contains(limits.maxHeaderBytes) else {
      throw ProcessError("--max-header-bytes must be 1Ki to 128Ki, not \(maxHeaderBytes)")
    }
    limits.handshakeSeconds = try seconds(handshakeTimeout, "handshake-timeout")
    limits.requestSeconds = try seconds(requestArrivalTimeout, "request-arrival-timeout")
    limits.stallSeconds = try seconds(stallTimeout, "stall-timeout")
    limits.unfinishedResetsPerSecond = try count(
      maxUnfinishedResetRate, "max-unfinished-reset-rate", 1...1_000_000_000)
    limits.controlFramesPerSecond = try count(maxControlFrameRate, "max-control-frame-rate", 1...1_000_000_000)
    return limits
  }

  /// Parts of a second count as a whole one.
  private func seconds(_ text: String, _ name: String) throws -> Int {
    let (seconds, attoseconds) = try duration(text, name, allowsZero: true).components
    guard seconds <= 1 << 31 else { throw ProcessError("--\(name) must be less than 68 years, not \"\(text)\"") }
    return Int(seconds) + (attoseconds > 0 ? 1 : 0)
  }
}
