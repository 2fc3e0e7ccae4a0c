import Endpoints
import NIOCore
import NIOHTTP1
import NIOPosix

/// One GET over a connection of its own.
struct PageFetch {
  /// Why no page came.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let path: String
  let maximumBytes: Int
  let timeout: TimeAmount
  /// Adds handlers below HTTP.
  let transport: (@Sendable (any Channel, EndpointAddress) throws -> Void)?

  /// The body of an answer with status 200.
  /// - Throws: when none comes within the time, or one that is too long or has another status.
  func body(of address: EndpointAddress, on eventLoop: any EventLoop) async throws -> ByteBuffer {
    let promise = eventLoop.makePromise(of: ByteBuffer.self)
    let (path, maximumBytes, timeout, transport) = (path, maximumBytes, timeout, transport)
    let connection = ClientBootstrap(group: eventLoop)
      .connectTimeout(timeout)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try transport?(channel, address)
          let handler = Handler(
            path: path, host: address.description, maximumBytes: maximumBytes, timeout: timeout, promise: promise)
          try channel.pipeline.syncOperations.addHandlers(
            HTTPRequestEncoder(), ByteToMessageHandler(HTTPResponseDecoder()), handler)
        }
      }
      .connect(host: address.host, port: Int(address.port))
    connection.whenFailure { promise.fail(Failure(description: "cannot connect: \($0)")) }
    return try await promise.futureResult.get()
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let path: String
    private let host: String
    private let maximumBytes: Int
    private let timeout: TimeAmount
    private let promise: EventLoopPromise<ByteBuffer>
    private var body = ByteBuffer()
    private var deadline: Scheduled<Void>?

    init(
      path: String, host: String, maximumBytes: Int, timeout: TimeAmount, promise: EventLoopPromise<ByteBuffer>
    ) {
      self.path = path.hasPrefix("/") ? path : "/" + path
      self.host = host
      self.maximumBytes = maximumBytes
      self.timeout = timeout
      self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
      let head = HTTPRequestHead(
        version: .http1_1, method: .GET, uri: path,
        headers: ["host": host, "user-agent": "epp", "accept": "application/json", "connection": "close"])
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      deadline = context.eventLoop.scheduleTask(in: timeout) {
        let (handler, context) = bound.value
        handler.end(context, .failure(Failure(description: "no complete answer in time")))
      }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        if head.status != .ok { end(context, .failure(Failure(description: "status \(head.status.code)"))) }
      case .body(var piece):
        guard body.readableBytes + piece.readableBytes <= maximumBytes else {
          end(context, .failure(Failure(description: "the answer is longer than \(maximumBytes) bytes")))
          return
        }
        body.writeBuffer(&piece)
      case .end:
        end(context, .success(body))
      }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      end(context, .failure(Failure(description: "connection failed: \(error)")))
    }

    func channelInactive(context: ChannelHandlerContext) {
      deadline?.cancel()
      // Does nothing when the answer is complete.
      promise.fail(Failure(description: "connection closed by the server"))
    }

    private func end(_ context: ChannelHandlerContext, _ result: Result<ByteBuffer, Failure>) {
      deadline?.cancel()
      switch result {
      case .success(let body): promise.succeed(body)
      case .failure(let failure): promise.fail(failure)
      }
      context.close(promise: nil)
    }
  }
}
