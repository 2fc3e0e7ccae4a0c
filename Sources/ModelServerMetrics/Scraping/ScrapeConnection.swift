import NIOCore
import NIOHTTP1

/// One connection of an ``EndpointScraper``: passes on what the connection does until it is let go of.
///
/// Used on its event loop only.
final class ScrapeConnection: ChannelInboundHandler, @unchecked Sendable {
  // Unchecked: handed to the bootstrap's closures, which run on the same event loop as everything else here.
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private var scraper: EndpointScraper?
  private var context: ChannelHandlerContext?

  init(scraper: EndpointScraper) {
    self.scraper = scraper
  }

  /// Sends a request without a body.
  func send(_ head: HTTPRequestHead) {
    guard let context else { return }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  /// Closes the connection; the scraper hears no more of it.
  /// - Returns: done when it is closed; nil if there is nothing to close.
  @discardableResult
  func letGo() -> EventLoopFuture<Void>? {
    scraper = nil
    guard let channel = context?.channel else { return nil }
    channel.close(promise: nil)
    return channel.closeFuture
  }

  /// The connection could not be made.
  func failed(_ error: any Error) { scraper?.connectionFailed("cannot connect: \(error)") }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    // Let go of before there was a channel.
    if scraper == nil { context.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
  }

  func channelActive(context: ChannelHandlerContext) { scraper?.connected() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): scraper?.received(head)
    case .body(let buffer): buffer.withUnsafeReadableBytes { scraper?.received($0) }
    case .end: scraper?.receivedEnd()
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    scraper?.connectionFailed("connection failed: \(error)")
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { scraper?.connectionClosed() }
}
