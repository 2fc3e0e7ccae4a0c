import HTTP2

/// Limits of a gRPC server.
public struct GRPCServerConfiguration: Sendable {
  /// Largest message accepted, in bytes.
  public var maxMessageBytes = 64 << 20
  /// Most bytes one connection's streams may hold in memory.
  public var maxBufferedBytesPerConnection = 256 << 20
  /// Most bytes all streams together may hold in memory.
  public var maxBufferedBytes = 1 << 30
  /// HTTP/2 windows and limits.
  public var http2 = HTTP2Settings()
  /// Connections and the time their peers have.
  public var connections = ConnectionLimits() {
    didSet {
      http2.maxConcurrentStreams = UInt32(clamping: connections.maxConcurrentStreams)
      http2.maxHeaderListSize = connections.maxHeaderBytes
      http2.unfinishedResetRate = connections.unfinishedResetsPerSecond
      http2.controlFrameRate = connections.controlFramesPerSecond
    }
  }

  /// Creates the default limits.
  public init() {}
}
