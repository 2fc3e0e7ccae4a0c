import GRPC
import HTTP2
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// A gRPC client on a real socket: one connection, any number of calls at the same time. Safe to use from any thread.
final class GRPCTestClient: Sendable {
  private let channel: any Channel
  private let connection: NIOLoopBound<ClientConnectionHandler>

  private init(_ channel: any Channel, _ connection: NIOLoopBound<ClientConnectionHandler>) {
    self.channel = channel
    self.connection = connection
  }

  /// Connects, with TLS if a context is given.
  static func connect(
    to address: SocketAddress, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    tls: NIOSSLContext? = nil, settings: HTTP2Settings = HTTP2Settings()
  ) async throws -> GRPCTestClient {
    try await ClientBootstrap(group: group)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connect(to: address) { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let tls { try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: nil)) }
          let handler = try ClientConnectionHandler(settings: settings)
          try pipeline.addHandler(handler)
          return GRPCTestClient(channel, NIOLoopBound(handler, eventLoop: channel.eventLoop))
        }
      }
  }

  /// Opens a call; nothing but its headers is sent.
  func open(_ path: String) async throws -> Call {
    try await channel.eventLoop.submit { [connection, channel] in
      let call = try connection.value.open(ClientCall.headers(path: path))
      return Call(connection, NIOLoopBound(call, eventLoop: channel.eventLoop))
    }.get()
  }

  /// Sends one message and waits for the end of the call.
  func unary(_ path: String, _ message: [UInt8]) async throws -> ClientCall.Outcome {
    let call = try await open(path)
    call.send(message)
    call.halfClose()
    return try await call.ended()
  }

  /// The protocol agreed on by TLS, nil without TLS.
  var negotiatedProtocol: String? {
    get async throws {
      try await channel.eventLoop.submit { [connection] in connection.value.negotiatedProtocol }.get()
    }
  }

  /// Completes when the connection is gone.
  func closed() async throws { try await channel.closeFuture.get() }

  /// Ends the connection.
  func close() async { try? await channel.close().get() }

  /// One call of the client.
  struct Call: Sendable {
    private let connection: NIOLoopBound<ClientConnectionHandler>
    private let call: NIOLoopBound<ClientCall>

    fileprivate init(_ connection: NIOLoopBound<ClientConnectionHandler>, _ call: NIOLoopBound<ClientCall>) {
      self.connection = connection
      self.call = call
    }

    func send(_ message: [UInt8]) { onLoop { $0.send(message) } }

    func sendRaw(_ bytes: [UInt8]) { onLoop { $0.sendRaw(bytes) } }

    func halfClose() { onLoop { $0.halfClose() } }

    func cancel() { onLoop { $0.reset() } }

    /// Waits until the call is over.
    func ended() async throws -> ClientCall.Outcome { try await when { $0.isClosed } }

    /// Waits until what has come back fulfils the condition.
    /// - Throws: ``EndedBefore`` when the call is over and it does not.
    func when(_ condition: @escaping @Sendable (ClientCall.Outcome) -> Bool) async throws -> ClientCall.Outcome {
      try await call.eventLoop.flatSubmit { [call] in
        let promise = call.eventLoop.makePromise(of: ClientCall.Outcome.self)
        let check: (ClientCall) -> Void = { call in
          if condition(call.outcome) {
            promise.succeed(call.outcome)
          } else if call.outcome.isClosed {
            promise.fail(EndedBefore(outcome: call.outcome))
          }
        }
        call.value.onChange = check
        check(call.value)
        return promise.futureResult
      }.get()
    }

    private func onLoop(_ body: @escaping @Sendable (ClientCall) -> Void) {
      call.eventLoop.execute { [connection, call] in
        body(call.value)
        connection.value.flush()
      }
    }
  }

  /// A call was over before a test's condition held.
  struct EndedBefore: Error {
    let outcome: ClientCall.Outcome
  }

  struct CannotOpen: Error {}
}

/// Connects a channel to a client session.
private final class ClientConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let session: HTTP2Session
  private var context: ChannelHandlerContext?
  private(set) var negotiatedProtocol: String?

  init(settings: HTTP2Settings) throws {
    session = try HTTP2Session(role: .client, settings: settings, application: nil)
    session.outputHighWater = .max
  }

  func open(_ headers: HeaderBlock) throws -> ClientCall {
    let call = ClientCall()
    guard context != nil, let stream = session.open(headers, handler: call) else { throw GRPCTestClient.CannotOpen() }
    call.stream = stream
    flush()
    return call
  }

  /// Sends what is queued as far as the channel takes it.
  func flush() {
    guard let context, context.channel.isActive else { return }
    var wrote = false
    while context.channel.isWritable {
      var output = context.channel.allocator.buffer(capacity: 64 << 10)
      let length = output.writeWithUnsafeMutableBytes(minimumWritableBytes: 64 << 10) { region in
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

  func channelReadComplete(context: ChannelHandlerContext) { flush() }

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

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted(let name)? = event as? TLSUserEvent { negotiatedProtocol = name }
    context.fireUserInboundEventTriggered(event)
  }
}
