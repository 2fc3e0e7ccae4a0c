/// Why a stream got no answer, through no fault in the answers themselves.
package enum FailureKind: String, Sendable, Hashable, CaseIterable, Codable {
  /// No connection was there when the stream should have begun.
  case notConnected = "not connected"
  /// The connection went while the stream was open.
  case connectionLost = "connection lost"
  /// The picker reset the stream.
  case reset = "reset by picker"
  /// The stream took longer than allowed.
  case timeout = "timeout"
  /// The stream was still open some time after the end of the run.
  case unfinished = "unfinished"
}
