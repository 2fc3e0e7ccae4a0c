import HTTP2
import NIOCore

/// One connection of the server, without its socket: routes streams to methods.
///
/// Not thread-safe; belongs to the event loop of its channel.
package final class GRPCServerConnection: HTTP2Application {
  let configuration: GRPCServerConfiguration
  let budget: BufferBudget
  /// What the connection has done.
  package let counters = ConnectionCounters()
  package let eventLoop: any EventLoop
  private let methods: [any GRPCMethod]
  private var session: HTTP2Session?
  private var spareStreams: [GRPCServerStream] = []
  /// Asks the channel to send what is queued soon; set by the channel handler.
  package var onNeedsFlush: () -> Void = {}
  private var isFlushWanted = false

  /// Creates the connection and queues its SETTINGS.
  package init(
    methods: [any GRPCMethod], configuration: GRPCServerConfiguration, totalBudget: BufferBudget.Total,
    eventLoop: any EventLoop
  ) throws(HTTP2Error) {
    self.methods = methods
    self.configuration = configuration
    self.eventLoop = eventLoop
    self.budget = BufferBudget(limit: configuration.maxBufferedBytesPerConnection, total: totalBudget)
    session = try HTTP2Session(role: .server, settings: configuration.http2, application: self)
  }

  /// The HTTP/2 state, for the channel handler.
  package var http2: HTTP2Session {
    guard let session else { preconditionFailure("the session lives as long as the connection") }
    return session
  }

  package func handler(for stream: HTTP2Stream) -> (any HTTP2StreamHandler)? {
    counters.opened()
    let handler = spareStreams.popLast() ?? GRPCServerStream(connection: self)
    handler.begin(stream)
    return handler
  }

  func streamClosed(_ stream: GRPCServerStream) {
    if spareStreams.count < 1_024 { spareStreams.append(stream) }
  }

  @inline(__always)
  func setNeedsFlush() {
    guard !isFlushWanted else { return }
    isFlushWanted = true
    onNeedsFlush()
  }

  /// The channel is about to send what is queued.
  package func willFlush() { isFlushWanted = false }

  func method(at path: UnsafeBufferPointer<UInt8>) -> (any GRPCMethod)? {
    methods.first { method in
      var name = method.path
      return name.withUTF8 { $0.elementsEqual(path) }
    }
  }
}
