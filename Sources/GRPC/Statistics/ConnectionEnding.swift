import HTTP2

/// Why the server ended a connection that its peer wanted to keep.
public enum ConnectionEnding: String, Sendable, CaseIterable {
  /// There are as many connections as there may be.
  case tooMany = "too_many"
  /// The TLS handshake or the first SETTINGS took too long.
  case handshake
  /// The peer did not read what waits for it.
  case unread
  /// See ``HTTP2Offence/resets``.
  case resets
  /// See ``HTTP2Offence/controlFrames``.
  case controlFrames = "control_frames"
  /// See ``HTTP2Offence/continuations``.
  case continuations

  init(_ offence: HTTP2Offence) {
    self =
      switch offence {
      case .resets: .resets
      case .controlFrames: .controlFrames
      case .continuations: .continuations
      }
  }
}
