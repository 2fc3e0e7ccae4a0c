import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Listens for gRPC connections and serves its methods on the event loops of a group.
///
/// Safe to use from any thread.
public final class GRPCServer: Sendable {
  private struct State {
    var listeners: [any Channel] = []
    var connections: [ObjectIdentifier: NIOLoopBound<GRPCChannelHandler>] = [:]
    var counters: [ObjectIdentifier: ConnectionCounters] = [:]
    /// Of connections that are gone.
    var past = TransportStatistics()
    var endings: [ConnectionEnding: Int] = [:]
    var isDraining = false
  }

  private struct TooManyConnections: Error {}

  private let configuration: GRPCServerConfiguration
  private let methods: [any GRPCMethod]
  private let tls: (@Sendable () -> NIOSSLContext)?
  private let logger: Logger
  private let totalBudget: BufferBudget.Total
  private let state = Mutex(State())

  /// Creates a server.
  /// - Parameter tls: gives the TLS context for each new connection; nil serves plain text.
  public init(
    methods: [any GRPCMethod], configuration: GRPCServerConfiguration = GRPCServerConfiguration(),
    tls: (@Sendable () -> NIOSSLContext)? = nil, logger: Logger
  ) {
    self.methods = methods
    self.configuration = configuration
    self.tls = tls
    self.logger = logger
    self.totalBudget = BufferBudget.Total(limit: configuration.maxBufferedBytes)
  }

  /// Open connections.
  public var connectionCount: Int { state.withLock { $0.connections.count } }

  /// How many connections were ended here, by reason.
  public var endings: [ConnectionEnding: Int] { state.withLock { $0.endings } }

  /// Bytes that all streams hold in memory.
  public var bufferedBytes: Int { totalBudget.bytes }

  /// What all connections have done.
  public var statistics: TransportStatistics {
    state.withLock { state in state.counters.values.reduce(state.past) { $0 + $1.statistics } }
  }

  /// Starts to listen.
  /// - Parameter methods: what is offered at this address; nil for the server's methods.
  /// - Returns: the address bound, which tells the port when 0 was asked for.
  /// - Throws: when the address is in use or not allowed.
  @discardableResult
  public func listen(
    host: String, port: Int, group: any EventLoopGroup, methods: [any GRPCMethod]? = nil
  ) async throws -> SocketAddress? {
    let methods = methods ?? self.methods
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1_024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.maxMessagesPerRead, value: 8)
      .childChannelOption(.writeBufferWaterMark, value: .init(low: 256 << 10, high: 1 << 20))
      .childChannelOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 4_096, initial: 65_536, maximum: 262_144)
      )
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try self.addHandlers(to: channel, methods) }
      }
    let listener = try await bootstrap.bind(host: host, port: port).get()
    state.withLock { $0.listeners.append(listener) }
    return listener.localAddress
  }

  private func addHandlers(to channel: any Channel, _ methods: [any GRPCMethod]) throws {
    guard connectionCount < configuration.connections.maxConnections else {
      ended(.tooMany)
      throw TooManyConnections()
    }
    if let tls {
      try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls()))
    }
    let handler = GRPCChannelHandler(server: self, limits: configuration.connections) {
      [configuration, totalBudget] eventLoop in
      try GRPCServerConnection(
        methods: methods, configuration: configuration, totalBudget: totalBudget, eventLoop: eventLoop)
    }
    try channel.pipeline.syncOperations.addHandler(handler)
  }

  /// Stops listening and asks every peer to open no more streams; open streams go on.
  ///
  /// Returns when the last connection is gone, or when `timeout` ran out and what was left has been cut.
  public func shutDownGracefully(timeout: TimeAmount) async {
    let (listeners, connections) = state.withLock { state in
      state.isDraining = true
      return (state.listeners, Array(state.connections.values))
    }
    for listener in listeners { try? await listener.close().get() }
    for connection in connections { connection.execute { $0.drain() } }
    let deadline = NIODeadline.now() + timeout
    while connectionCount > 0, NIODeadline.now() < deadline {
      try? await Task.sleep(for: .milliseconds(20))
    }
    for connection in state.withLock({ Array($0.connections.values) }) { connection.execute { $0.forceClose() } }
  }

  // MARK: Called by connections

  func add(_ counters: ConnectionCounters, of handler: GRPCChannelHandler) {
    state.withLock { $0.counters[ObjectIdentifier(handler)] = counters }
  }

  func add(_ handler: GRPCChannelHandler, on eventLoop: any EventLoop) {
    let bound = NIOLoopBound(handler, eventLoop: eventLoop)
    let isDraining = state.withLock { state in
      state.connections[ObjectIdentifier(handler)] = bound
      return state.isDraining
    }
    if isDraining { handler.drain() }
  }

  func remove(_ handler: GRPCChannelHandler) {
    state.withLock { state in
      state.connections[ObjectIdentifier(handler)] = nil
      guard let counters = state.counters.removeValue(forKey: ObjectIdentifier(handler)) else { return }
      state.past = state.past + counters.statistics
    }
  }

  func ended(_ ending: ConnectionEnding) {
    state.withLock { $0.endings[ending, default: 0] += 1 }
    logger.debug("connection ended", metadata: ["reason": "\(ending.rawValue)"])
  }

  func connectionFailed(_ error: any Error) {
    logger.debug("connection ended", metadata: ["error": "\(error)"])
  }
}

extension NIOLoopBound where Value: AnyObject {
  /// Runs the closure with the value on its event loop.
  fileprivate func execute(_ body: @escaping @Sendable (Value) -> Void) {
    eventLoop.execute { body(self.value) }
  }
}
