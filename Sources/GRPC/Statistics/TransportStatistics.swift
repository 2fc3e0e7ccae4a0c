/// What a server's connections have done since it began to listen.
public struct TransportStatistics: Sendable, Hashable {
  /// Connections accepted.
  public var connections = 0
  /// Streams opened.
  public var streamsOpened = 0
  /// Streams that have ended in any way.
  public var streamsClosed = 0
  /// Streams that the peer reset although they had not been finished here.
  public var unfinishedResets = 0
  /// Streams that the peer reset after they had been finished here, as Envoy does with all.
  public var finishedResets = 0
  /// Bytes received, without TLS and TCP.
  public var bytesReceived = 0
  /// Bytes sent, without TLS and TCP.
  public var bytesSent = 0

  /// Nothing has happened.
  public init() {}

  static func + (left: TransportStatistics, right: TransportStatistics) -> TransportStatistics {
    var sum = left
    sum.connections += right.connections
    sum.streamsOpened += right.streamsOpened
    sum.streamsClosed += right.streamsClosed
    sum.unfinishedResets += right.unfinishedResets
    sum.finishedResets += right.finishedResets
    sum.bytesReceived += right.bytesReceived
    sum.bytesSent += right.bytesSent
    return sum
  }
}
