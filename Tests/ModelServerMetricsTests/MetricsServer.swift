import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A model server that serves nothing but its metrics page, in ways that tests choose.
final class MetricsServer: Sendable {
  enum Behaviour: Sendable {
    case page(String)
    case status(Int)
    /// Begins a page and adds to it a little at a time, without an end.
    case dribble
    /// Promises more than it sends, then closes.
    case closeMidPage(String)
    case closeAfterPage(String)
    /// Answers when ``MetricsServer/answer(with:)`` is called.
    case hold
    /// A page of this many bytes.
    case long(Int)
  }

  private struct State {
    var behaviour: Behaviour
    var requests = 0
    var connections = 0
    var open: [ObjectIdentifier: any Channel] = [:]
    var held: (any Channel)?
    var lastHead: HTTPRequestHead?
  }

  private let state: Mutex<State>
  private let group: any EventLoopGroup
  private let listener = Mutex<(any Channel)?>(nil)
  private let boundPort = Atomic<Int>(0)

  init(_ behaviour: Behaviour, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton) {
    state = Mutex(State(behaviour: behaviour))
    self.group = group
  }

  var port: UInt16 { UInt16(boundPort.load(ordering: .relaxed)) }
  var requests: Int { state.withLock { $0.requests } }
  var connections: Int { state.withLock { $0.connections } }
  var openConnections: Int { state.withLock { $0.open.count } }
  var lastHead: HTTPRequestHead? { state.withLock { $0.lastHead } }

  func behave(_ behaviour: Behaviour) { state.withLock { $0.behaviour = behaviour } }

  /// Listens on a free port, or again on the port it had.
  func start() async throws {
    let channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: false)
          try channel.pipeline.syncOperations.addHandler(Handler(server: self))
        }
      }
      .bind(host: "127.0.0.1", port: Int(port)).get()
    boundPort.store(channel.localAddress?.port ?? 0, ordering: .relaxed)
    listener.withLock { $0 = channel }
  }

  func stop() async throws {
    try await listener.withLock { $0 }?.close().get()
    for channel in state.withLock({ Array($0.open.values) }) { try? await channel.close().get() }
  }

  /// Answers the request that is being held.
  func answer(with page: String) {
    guard let channel = state.withLock({ $0.held.take() }) else { return }
    channel.eventLoop.execute { Handler.write(page, to: channel, closing: false) }
  }

  private final class Handler: ChannelInboundHandler, Sendable {
    typealias InboundIn = HTTPServerRequestPart

    private let server: MetricsServer

    init(server: MetricsServer) {
      self.server = server
    }

    func channelActive(context: ChannelHandlerContext) {
      let channel = context.channel
      server.state.withLock {
        $0.connections += 1
        $0.open[ObjectIdentifier(channel)] = channel
      }
    }

    func channelInactive(context: ChannelHandlerContext) {
      let channel = context.channel
      server.state.withLock { _ = $0.open.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let channel = context.channel
      switch unwrapInboundIn(data) {
      case .head(let head):
        server.state.withLock { $0.lastHead = head }
      case .body:
        break
      case .end:
        let behaviour = server.state.withLock { state in
          if case .hold = state.behaviour { state.held = channel }
          state.requests += 1
          return state.behaviour
        }
        answer(behaviour, channel)
      }
    }

    private func answer(_ behaviour: Behaviour, _ channel: any Channel) {
      switch behaviour {
      case .page(let page):
        Self.write(page, to: channel, closing: false)
      case .closeAfterPage(let page):
        Self.write(page, to: channel, closing: true)
      case .status(let code):
        let head = HTTPResponseHead(
          version: .http1_1, status: .init(statusCode: code), headers: ["content-length": "2"])
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: "no"))), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
      case .closeMidPage(let page):
        let head = HTTPResponseHead(
          version: .http1_1, status: .ok, headers: ["content-length": "\(page.utf8.count + 1)"])
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: page))))
          .whenComplete { _ in channel.close(promise: nil) }
      case .dribble:
        let piece = ByteBuffer(string: "# and so on\n")
        channel.writeAndFlush(HTTPServerResponsePart.head(.init(version: .http1_1, status: .ok)), promise: nil)
        channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(5)) { task in
          guard channel.isActive else {
            task.cancel()
            return
          }
          channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(piece)), promise: nil)
        }
      case .long(let count):
        Self.write(String(repeating: "x", count: count), to: channel, closing: false)
      case .hold:
        break
      }
    }

    static func write(_ page: String, to channel: any Channel, closing: Bool) {
      var headers: HTTPHeaders = ["content-length": "\(page.utf8.count)"]
      if closing { headers.add(name: "connection", value: "close") }
      let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
      channel.write(HTTPServerResponsePart.head(head), promise: nil)
      channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: page))), promise: nil)
      channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in
        if closing { channel.close(promise: nil) }
      }
    }
  }
}
