/// Limits and windows of one HTTP/2 connection.
public struct HTTP2Settings: Sendable {
  /// Flow-control window the peer may fill on each stream, in bytes. Large, because a 64 KiB window costs a round trip
  /// for every 64 KiB of a prompt.
  public var streamWindow: Int32 = 4 << 20
  /// Flow-control window for the whole connection, in bytes.
  public var connectionWindow: Int32 = 64 << 20
  /// Largest frame payload accepted, 16,384…16,777,215 bytes.
  public var maxFrameSize: UInt32 = 16_384
  /// Streams the peer may have open at the same time.
  public var maxConcurrentStreams: UInt32 = 100_000
  /// Bytes of names and values accepted for one header block.
  public var maxHeaderListSize: Int = 64 << 10
  /// Streams a peer may reset before they were answered, per second and as a burst. Proxies reset every finished
  /// ext_proc stream; those are answered and do not count.
  public var unfinishedResetRate: Int = 10_000
  /// Frames that carry nothing a peer may send, per second and as a burst: SETTINGS, PING, PRIORITY, CONTINUATION,
  /// empty DATA. Clients that measure their bandwidth send a PING for every round trip, which is some
  /// thousand a second on one machine.
  public var controlFrameRate: Int = 20_000

  /// Creates the default settings.
  public init() {}
}
