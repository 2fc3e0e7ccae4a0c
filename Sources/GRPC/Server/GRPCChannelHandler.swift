import HTTP2
import NIOCore

/// Connects a channel to a ``GRPCServerConnection``: bytes in, bytes out, back-pressure both ways.
final class GRPCChannelHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = Never
  typealias OutboundOut = ByteBuffer

  private enum Shutdown {
    case none
    case announced
    case goingAway
  }

  private let server: GRPCServer
  private let makeConnection: (any EventLoop) throws -> GRPCServerConnection
  private var connection: GRPCServerConnection?
  private var context: ChannelHandlerContext?
  private var isReading = false
  private var isReadWithheld = false
  private var isClosing = false
  private var hasOffended = false
  private var shutdown = Shutdown.none
  private var output = ByteBuffer()
  private let limits: ConnectionLimits
  private var ticker: Scheduled<Void>?
  private var seconds = 0
  private var unreadSeconds = 0

  init(
    server: GRPCServer, limits: ConnectionLimits,
    makeConnection: @escaping (any EventLoop) throws -> GRPCServerConnection
  ) {
    self.server = server
    self.limits = limits
    self.makeConnection = makeConnection
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    do {
      let connection = try makeConnection(context.eventLoop)
      connection.onNeedsFlush = { [unowned self] in flushSoon() }
      self.connection = connection
      server.add(connection.counters, of: self)
    } catch {
      context.close(promise: nil)
      return
    }
    server.add(self, on: context.eventLoop)
    scheduleTick(context)
    if context.channel.isActive { pump(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    pump(context)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let connection, !isClosing else { return }
    isReading = true
    let buffer = unwrapInboundIn(data)
    connection.counters.received(buffer.readableBytes)
    do {
      try buffer.withUnsafeReadableBytes { (bytes) throws(HTTP2Error) in try connection.http2.feed(bytes) }
    } catch {
      server.connectionFailed(error)
      close(context)
    }
    if let offence = connection.http2.offence, !hasOffended {
      hasOffended = true
      server.ended(ConnectionEnding(offence))
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    pump(context)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      // The peer took something, even if its socket is full again whenever the second is over.
      unreadSeconds = 0
      pump(context)
      if isReadWithheld {
        isReadWithheld = false
        context.read()
      }
    }
    context.fireChannelWritabilityChanged()
  }

  func read(context: ChannelHandlerContext) {
    // A peer that does not read its answers gets no more of its requests read.
    guard context.channel.isWritable else {
      isReadWithheld = true
      return
    }
    context.read()
  }

  func channelInactive(context: ChannelHandlerContext) {
    disconnect()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    disconnect()
    self.context = nil
    ticker?.cancel()
    ticker = nil
    server.remove(self)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    server.connectionFailed(error)
    close(context)
  }

  private func disconnect() {
    isClosing = true
    connection?.http2.disconnected()
    connection?.onNeedsFlush = {}
    connection = nil
  }

  private func close(_ context: ChannelHandlerContext) {
    pump(context)
    isClosing = true
    context.close(promise: nil)
  }

  /// Something was queued outside of a read: send it at the end of this turn of the loop.
  private func flushSoon() {
    guard !isReading, let context else { return }
    context.eventLoop.assumeIsolated().execute { [weak self] in
      guard let self, let context = self.context else { return }
      self.pump(context)
    }
  }

  private func pump(_ context: ChannelHandlerContext) {
    guard let connection, !isClosing else { return }
    connection.willFlush()
    var wrote = false
    var capacity = Self.smallChunk
    do {
      while context.channel.isWritable {
        output.clear(minimumCapacity: capacity)
        let session = connection.http2
        var failure: HTTP2Error?
        let written = output.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { region in
          do throws(HTTP2Error) {
            return try session.drain(into: region)
          } catch {
            failure = error
            return 0
          }
        }
        if let failure { throw failure }
        guard written > 0 else { break }
        connection.counters.sent(written)
        context.write(wrapOutboundOut(output), promise: nil)
        wrote = true
        guard session.hasMoreOutput else { break }
        context.flush()
        capacity = Self.largeChunk
      }
    } catch {
      isClosing = true
      context.close(promise: nil)
      return
    }
    if wrote { context.flush() }
    if connection.http2.isFinished {
      isClosing = true
      context.close(promise: nil)
    }
  }

  private static let smallChunk = 64 << 10
  private static let largeChunk = 256 << 10

  /// Asks the peer to open no more streams; the connection closes when the open ones are done.
  func drain() {
    guard let context, let connection, !isClosing, shutdown == .none else { return }
    shutdown = .announced
    connection.http2.announceShutdown()
    pump(context)
    // Streams the peer opened before it read the announcement are on their way; give them a moment.
    context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(100)) { [weak self] in
      guard let self, let context = self.context, let connection = self.connection else { return }
      self.shutdown = .goingAway
      connection.http2.goAway()
      self.pump(context)
    }
  }

  /// Ends the connection and all its streams now.
  func forceClose() {
    guard let context else { return }
    isClosing = true
    context.close(promise: nil)
  }

  private func scheduleTick(_ context: ChannelHandlerContext) {
    ticker = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { [weak self] in
      guard let self, let context = self.context else { return }
      self.scheduleTick(context)
      self.secondPassed()
    }
  }

  /// What a peer may do is counted by the second, and what it may take is measured in seconds.
  private func secondPassed() {
    guard let context, let connection, !isClosing else { return }
    let session = connection.http2
    session.startInterval()
    seconds += 1
    if limits.handshakeSeconds > 0, !session.hasPeerSettings, seconds >= limits.handshakeSeconds {
      server.ended(.handshake)
      return forceClose()
    }
    unreadSeconds = context.channel.isWritable ? 0 : unreadSeconds + 1
    if limits.stallSeconds > 0, unreadSeconds >= limits.stallSeconds {
      server.ended(.unread)
      return forceClose()
    }
    let found = session.endOverdueStreams(
      requestLimit: limits.requestSeconds > 0 ? limits.requestSeconds : nil,
      stallLimit: limits.stallSeconds > 0 ? limits.stallSeconds : nil)
    if found > 0 { pump(context) }
  }
}
