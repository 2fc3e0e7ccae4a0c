import HTTP2
import NIOCore

/// Connects a channel to a client session.
final class LoadChannelHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let session: HTTP2Session
  /// Called when the connection is ready for streams.
  var onActive: () -> Void = {}
  /// Called when bytes have been dealt with.
  var onRead: () -> Void = {}
  /// Called before and after the streams of a lost connection are closed.
  var onInactive: (_ close: () -> Void) -> Void = { $0() }
  private var context: ChannelHandlerContext?
  private var output = ByteBuffer()
  private static let chunk = 256 << 10

  init() throws {
    var settings = HTTP2Settings()
    settings.streamWindow = 16 << 20
    settings.connectionWindow = 256 << 20
    session = try HTTP2Session(role: .client, settings: settings, application: nil)
    // Requests are queued whole; see the high-water mark of sessions.
    session.outputHighWater = .max
  }

  /// Sends what is queued as far as the channel takes it.
  func flush() {
    guard let context, context.channel.isActive else { return }
    var wrote = false
    while context.channel.isWritable {
      output.clear(minimumCapacity: Self.chunk)
      let length = output.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.chunk) { region in
        (try? session.drain(into: region)) ?? 0
      }
      guard length > 0 else { break }
      context.write(wrapOutboundOut(output), promise: nil)
      wrote = true
      guard session.hasMoreOutput else { break }
      context.flush()
    }
    if wrote { context.flush() }
  }

  func close() { context?.close(promise: nil) }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelActive(context: ChannelHandlerContext) {
    flush()
    onActive()
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
    onRead()
    flush()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    flush()
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    onInactive { session.disconnected() }
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
