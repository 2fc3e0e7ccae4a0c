import Endpoints
import KVCacheEvents
import Logging
import NIOCore
import NIOPosix
import Scheduling

/// Feeds one precise index with what the model servers of a pool tell: connects to every endpoint, or has servers
/// connect, follows the pool, and reads all messages on one event loop.
///
/// An endpoint whose connection ends, that lost messages or that was started anew counts as empty, unless it repeats what
/// it said: what it holds is not known any more. Everything but `update` and the counters is used on the event loop only.
final class CacheEventFeed: @unchecked Sendable {
  // Unchecked: handed to closures that run on the event loop.
  let name: String
  let counters = CacheEventCounters()
  let producer: PrecisePrefixCacheProducer
  let eventLoop: any EventLoop
  let logger: Logger
  let index: PreciseIndex
  let budget = PublisherBudget()
  private let table: EndpointTable
  private var version: UInt64 = 0
  private var listener: (any Channel)?
  /// What tells, by slot.
  private(set) var publishers: [Int: EndpointPublisher] = [:]
  /// The slots of the endpoints that a topic may name so, made when the first topic needs it.
  var slotsByName: [String: [Int]]?
  /// Connections that servers made, with the slots that each has told of.
  var accepted: [ObjectIdentifier: (connection: PublisherConnection, slots: Set<Int>)] = [:]
  /// Publishers that wait to be asked for lost messages, in order.
  var waitingReplays: [EndpointPublisher] = []
  var runningReplays = 0
  private(set) var isStopped = false

  init(
    name: String, producer: PrecisePrefixCacheProducer, table: EndpointTable, eventLoop: any EventLoop, logger: Logger
  ) {
    self.name = name
    self.producer = producer
    self.table = table
    self.eventLoop = eventLoop
    var logger = logger
    logger[metadataKey: "plugin"] = "\(name)"
    self.logger = logger
    index = PreciseIndex(
      hasher: producer.hasher, capacity: producer.parameters.capacity, holders: producer.holders)
  }

  var settings: CacheEventSettings { producer.parameters.events }

  // MARK: Beginning and end

  /// Listens where servers are to connect, if anywhere.
  /// - Throws: when the port cannot be listened on.
  func listen() async throws {
    guard let binding = settings.binding else { return }
    let bootstrap = ServerBootstrap(group: eventLoop)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { [self] channel in
        channel.eventLoop.makeCompletedFuture { try accept(channel) }
      }
    let channel = try await bootstrap.bind(host: binding.host, port: binding.port).get()
    try await eventLoop.submit { [self] in listener = channel }.get()
  }

  /// Follows the pool to what it is now. Any thread.
  func update() {
    eventLoop.execute { [self] in follow(table.snapshot()) }
  }

  /// Closes all connections.
  func stop() async {
    let closing = try? await eventLoop.submit { [self] in
      isStopped = true
      for publisher in publishers.values { stop(publisher) }
      publishers.removeAll()
      for item in accepted.values { item.connection.letGo() }
      accepted.removeAll()
      return listener
    }.get()
    try? await closing?.close()
  }

  // MARK: The pool

  private func follow(_ snapshot: EndpointSnapshot) {
    guard !isStopped, snapshot.version > version else { return }
    version = snapshot.version
    slotsByName = nil
    var gone = publishers
    for endpoint in snapshot.endpoints {
      if let publisher = publishers[endpoint.slot], publisher.endpoint.id == endpoint.id {
        gone[endpoint.slot] = nil
        let hasMoved = publisher.endpoint.address.host != endpoint.address.host
        publisher.endpoint = endpoint
        guard hasMoved else { continue }
        // Another server behind the same name.
        stop(publisher)
        forget(publisher)
        connect(publisher)
      }
    }
    for publisher in gone.values {
      stop(publisher)
      forget(publisher)
      publishers[publisher.endpoint.slot] = nil
    }
    for endpoint in snapshot.endpoints where publishers[endpoint.slot] == nil {
      guard let hold = table.hold(endpoint) else { continue }
      let publisher = EndpointPublisher(endpoint, hold)
      publishers[endpoint.slot] = publisher
      connect(publisher)
    }
  }

  private func stop(_ publisher: EndpointPublisher) {
    stopReplay(of: publisher)
    publisher.stop()
  }

  /// The endpoint counts as empty, and its next message as the first.
  func forget(_ publisher: EndpointPublisher) {
    stopReplay(of: publisher)
    publisher.sequence = EventSequence()
    publisher.hasReplayed = false
    index.clear(endpoint: publisher.endpoint.slot)
    counters.take(index.refusals, blocks: index.count)
  }
}
