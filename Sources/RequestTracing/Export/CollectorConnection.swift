import HTTP2
import NIOCore
import NIOPosix
import NIOSSL

/// A connection to a collector: HTTP/2 by the same core that serves proxies, as a client.
struct CollectorConnection: Sendable {
  private let channel: any Channel
  private let handler: NIOLoopBound<CollectorChannelHandler>
  private let headers: [(name: String, value: String)]

  /// Connects.
  /// - Throws: when the collector cannot be reached or its certificate is not trusted.
  static func connect(
    to collector: TracingSettings.Collector, group: any EventLoopGroup
  ) async throws -> CollectorConnection {
    let tls = try collector.usesTLS ? context(collector) : nil
    let host = collector.host
    let (channel, handler) = try await ClientBootstrap(group: group)
      .connectTimeout(.nanoseconds(Int64(collector.timeout * 1e9)))
      .connect(host: host, port: collector.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let tls {
            let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : host))
          }
          let handler = try CollectorChannelHandler()
          try pipeline.addHandler(handler)
          return (channel, NIOLoopBound(handler, eventLoop: channel.eventLoop))
        }
      }
    let authority = host.contains(":") ? "[\(host)]:\(collector.port)" : "\(host):\(collector.port)"
    let headers =
      [
        (name: ":method", value: "POST"), (name: ":scheme", value: collector.usesTLS ? "https" : "http"),
        (name: ":path", value: ExportRequest.path), (name: ":authority", value: authority),
        (name: "te", value: "trailers"), (name: "content-type", value: "application/grpc"),
        (name: "user-agent", value: "epp"),
      ] + collector.headers.map { (name: $0.key.lowercased(), value: $0.value) }.sorted { $0.name < $1.name }
    return CollectorConnection(channel: channel, handler: handler, headers: headers)
  }

  private static func context(_ collector: TracingSettings.Collector) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.applicationProtocols = ["h2"]
    if !collector.certificateFile.isEmpty { configuration.trustRoots = .file(collector.certificateFile) }
    return try NIOSSLContext(configuration: configuration)
  }

  /// Sends a message and waits for the collector's word that it has it.
  /// - Parameter timeout: in seconds; the connection is closed when it passes.
  func send(_ message: [UInt8], timeout: Double) async throws {
    try await channel.eventLoop.flatSubmit { [channel, handler, headers] in
      let promise = channel.eventLoop.makePromise(of: Void.self)
      let timer = channel.eventLoop.scheduleTask(in: .nanoseconds(Int64(timeout * 1e9))) {
        promise.fail(CollectorError("no answer within \(timeout) s"))
        channel.close(promise: nil)
      }
      promise.futureResult.whenComplete { _ in timer.cancel() }
      handler.value.send(message, HeaderBlock(headers), promise)
      return promise.futureResult
    }.get()
  }

  /// Ends the connection.
  func close() { channel.close(promise: nil) }
}

/// Connects a channel to a client session. Belongs to the channel's event loop.
private final class CollectorChannelHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private static let regionSize = 64 << 10

  private let session: HTTP2Session
  private var context: ChannelHandlerContext?

  init() throws {
    session = try HTTP2Session(role: .client, application: nil)
  }

  /// Sends one message as a unary call.
  func send(_ message: [UInt8], _ headers: HeaderBlock, _ promise: EventLoopPromise<Void>) {
    guard context != nil, let stream = session.open(headers, handler: CollectorCall(promise)) else {
      return promise.fail(CollectorError("the connection is closed"))
    }
    // gRPC's frame: not compressed, and the length in four bytes.
    let prefix = [0] + withUnsafeBytes(of: UInt32(truncatingIfNeeded: message.count).bigEndian) { Array($0) }
    (prefix + message).withUnsafeBytes { stream.write($0) }
    stream.finish()
    flush()
  }

  private func flush() {
    guard let context, context.channel.isActive else { return }
    var wrote = false
    while context.channel.isWritable {
      var output = context.channel.allocator.buffer(capacity: Self.regionSize)
      let length = output.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.regionSize) { region in
        (try? session.drain(into: region)) ?? 0
      }
      guard length > 0 else { break }
      context.write(wrapOutboundOut(output), promise: nil)
      wrote = true
    }
    if wrote { context.flush() }
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelActive(context: ChannelHandlerContext) {
    flush()
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    do {
      try unwrapInboundIn(data).withUnsafeReadableBytes { try session.feed($0) }
    } catch {
      context.close(promise: nil)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    flush()
    if session.isFinished { context.close(promise: nil) }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    flush()
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    session.disconnected()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
