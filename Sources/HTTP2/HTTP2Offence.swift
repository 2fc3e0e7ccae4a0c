/// What a peer did that ended its connection with GOAWAY and ENHANCE_YOUR_CALM.
public enum HTTP2Offence: String, Sendable, CaseIterable {
  /// It reset too many streams before they were answered.
  case resets
  /// It sent too many frames that carry nothing: SETTINGS, PING, PRIORITY, empty DATA.
  case controlFrames = "control_frames"
  /// It spread one header block over too many frames.
  case continuations
}
