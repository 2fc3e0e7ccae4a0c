import KVCacheEvents
import NIOCore

/// Bytes that all publishers together may have us keep for messages that are not complete. Used on one event loop only.
package final class PublisherBudget {
  /// Enough for many large messages at the same time, and less than a picker has.
  package static let standard = 256 << 20

  package private(set) var remaining: Int

  package init(bytes: Int = standard) {
    remaining = bytes
  }

  /// Takes bytes, or gives them back; false if there are not as many.
  func take(_ bytes: Int) -> Bool {
    remaining -= bytes
    return remaining >= 0
  }
}

/// One connection to a model server that tells of its cache, whoever made it. Used on its event loop only.
package final class PublisherConnection: ChannelInboundHandler, @unchecked Sendable {
  // Unchecked: handed to the bootstrap's closures, which run on the same event loop as everything else here.
  package typealias InboundIn = ByteBuffer
  package typealias OutboundOut = ByteBuffer

  /// What the owner hears.
  package protocol Owner: AnyObject {
    /// The server has introduced itself, and messages can come.
    func subscribed(_ connection: PublisherConnection)
    func received(_ frames: [[UInt8]], from connection: PublisherConnection)
    /// The connection is closed, for the reason given if it was ours. Nothing follows.
    func ended(_ connection: PublisherConnection, _ reason: String?)
  }

  /// Time until a publisher has introduced itself.
  package static let handshakeTimeout = TimeAmount.seconds(10)

  /// The slot of the endpoint whose publisher is connected to; nil for other connections.
  package let slot: Int?
  /// Whether the publisher has introduced itself.
  package private(set) var isSubscribed = false
  private weak var owner: (any Owner)?
  private let budget: PublisherBudget
  private let counters: CacheEventCounters?
  private var stream: PublisherStream
  private var taken = 0
  private var handshake: Scheduled<Void>?
  private var context: ChannelHandlerContext?
  private var isLetGo = false
  private var reason: String?

  /// - Parameter counters: where the connection counts as a publisher; nil if it is none.
  package init(
    slot: Int?, owner: any Owner, stream: PublisherStream, budget: PublisherBudget, counters: CacheEventCounters?
  ) {
    self.slot = slot
    self.owner = owner
    self.budget = budget
    self.counters = counters
    self.stream = stream
  }

  /// Closes the connection; the owner hears no more of it.
  package func letGo() {
    owner = nil
    isLetGo = true
    context?.close(promise: nil)
  }

  package func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    // Let go of before there was a channel.
    if isLetGo { context.close(promise: nil) }
    if context.channel.isActive { begin(context) }
  }

  package func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    handshake?.cancel()
    _ = budget.take(-taken)
    taken = 0
    if isSubscribed { counters?.changePublishers(by: -1) }
  }

  package func channelActive(context: ChannelHandlerContext) { begin(context) }

  private func begin(_ context: ChannelHandlerContext) {
    guard handshake == nil else { return }
    handshake = context.eventLoop.assumeIsolated().scheduleTask(in: Self.handshakeTimeout) { [self] in
      fail("no greeting in time", context)
    }
    flush(context)
  }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let buffer = unwrapInboundIn(data)
    let messages: [[[UInt8]]]
    do throws(PublisherStream.Failure) {
      messages = try stream.receive(buffer.readableBytesView)
    } catch {
      return fail("not a publisher of events: \(error)", context)
    }
    let buffered = stream.bufferedBytes
    let isWithinBudget = budget.take(buffered - taken)
    taken = buffered
    guard isWithinBudget else { return fail("too many bytes wait for the rest of their messages", context) }
    flush(context)
    if stream.isSubscribed, !isSubscribed {
      isSubscribed = true
      counters?.changePublishers(by: 1)
      handshake?.cancel()
      owner?.subscribed(self)
    }
    for message in messages { owner?.received(message, from: self) }
  }

  package func errorCaught(context: ChannelHandlerContext, error: any Error) { fail("\(error)", context) }

  package func channelInactive(context: ChannelHandlerContext) {
    let owner = owner
    self.owner = nil
    owner?.ended(self, reason)
  }

  private func fail(_ reason: String, _ context: ChannelHandlerContext) {
    if self.reason == nil { self.reason = reason }
    context.close(promise: nil)
  }

  private func flush(_ context: ChannelHandlerContext) {
    let output = stream.takeOutput()
    guard !output.isEmpty else { return }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: output)), promise: nil)
  }
}
