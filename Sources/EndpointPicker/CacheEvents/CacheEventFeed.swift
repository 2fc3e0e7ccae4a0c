import Endpoints
import KVCacheEvents
import Logging
import ModelServerMetrics
import NIOCore
import NIOPosix
import Scheduling

/// Feeds one precise index with what the model servers of a pool tell: connects to every endpoint, or has servers
/// connect, follows the pool, and reads all messages on one event loop.
///
/// An endpoint whose connection ends, that lost messages or that was started anew counts as empty: what it holds is not
/// known any more. Everything but `update` and the counters is used on the event loop only.
final class CacheEventFeed: @unchecked Sendable {
  // Unchecked: handed to closures that run on the event loop.
  let name: String
  let counters = CacheEventCounters()
  let producer: PrecisePrefixCacheProducer
  private let eventLoop: any EventLoop
  private let table: EndpointTable
  private let logger: Logger
  private let index: PreciseIndex
  private let budget = PublisherBudget()
  private let random: () -> Double
  private var publishers: [Int: EndpointPublisher] = [:]
  private var version: UInt64 = 0
  /// The slots of the endpoints that a topic may name so, made when the first topic needs it.
  private var slotsByName: [String: [Int]]?
  private var listener: (any Channel)?
  /// Connections that servers made, with the slots that each has told of.
  private var accepted: [ObjectIdentifier: (connection: PublisherConnection, slots: Set<Int>)] = [:]
  private var isStopped = false

  /// Connections of servers; further ones are closed at once.
  static let maximumConnections = 4_096
  private static let connectTimeout = TimeAmount.seconds(5)

  init(
    name: String, producer: PrecisePrefixCacheProducer, table: EndpointTable, eventLoop: any EventLoop, logger: Logger,
    random: @escaping () -> Double = { Double.random(in: 0...1) }
  ) {
    self.name = name
    self.producer = producer
    self.table = table
    self.eventLoop = eventLoop
    self.random = random
    var logger = logger
    logger[metadataKey: "plugin"] = "\(name)"
    self.logger = logger
    index = PreciseIndex(
      hasher: producer.hasher, capacity: producer.parameters.capacity, holders: producer.holders)
  }

  private var settings: CacheEventSettings { producer.parameters.events }

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
      for publisher in publishers.values { publisher.stop() }
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
        publisher.stop()
        forget(publisher)
        connect(publisher)
      }
    }
    for publisher in gone.values {
      publisher.stop()
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

  /// The endpoint counts as empty, and its next message as the first.
  private func forget(_ publisher: EndpointPublisher) {
    publisher.sequence = EventSequence()
    index.clear(endpoint: publisher.endpoint.slot)
    counters.take(index.refusals, blocks: index.count)
  }

  // MARK: Connections that we make

  private func connect(_ publisher: EndpointPublisher) {
    guard settings.followsEndpoints, !isStopped else { return }
    let host = publisher.endpoint.address.host
    let port = settings.socketPort + publisher.rank
    guard port <= 65_535 else { return failed(publisher, "port \(port) is out of range") }
    let target: SocketAddress
    do {
      target = try SocketAddress(ipAddress: host, port: port)
    } catch {
      return failed(publisher, "\(host): \(error)")
    }
    let connection = PublisherConnection(
      slot: publisher.endpoint.slot, owner: self, topic: settings.topicFilter, budget: budget, counters: counters)
    publisher.connection = connection
    ClientBootstrap(group: eventLoop)
      .connectTimeout(Self.connectTimeout)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try Self.keepAlive(channel)
          try channel.pipeline.syncOperations.addHandler(connection)
        }
      }
      .connect(to: target)
      .assumeIsolated()
      .whenFailure { [self] error in
        guard publisher.connection === connection else { return }
        publisher.connection = nil
        failed(publisher, "cannot connect to \(target): \(error)")
      }
  }

  /// A server that is gone without a word is noticed within a minute.
  private static func keepAlive(_ channel: any Channel) throws {
    let options = channel.syncOptions
    try options?.setOption(.socketOption(.so_keepalive), value: 1)
    #if os(Linux)
      try options?.setOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 20)
      try options?.setOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 10)
      try options?.setOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 3)
    #endif
  }

  private func failed(_ publisher: EndpointPublisher, _ reason: String) {
    counters.count(.connection)
    if !publisher.isFailing {
      publisher.isFailing = true
      logger.warning(
        "the cache events of an endpoint cannot be read",
        metadata: ["endpoint": "\(publisher.endpoint.id)", "error": "\(reason)"])
    }
    let delay = publisher.backoff.next(jitter: random())
    publisher.attempt = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(Int64(delay * 1e9))) { [self] in
      publisher.attempt = nil
      connect(publisher)
    }
  }

  // MARK: Connections that servers make

  private func accept(_ channel: any Channel) throws {
    guard accepted.count < Self.maximumConnections, !isStopped else {
      counters.count(.connection)
      throw ChannelError.operationUnsupported
    }
    let connection = PublisherConnection(
      slot: nil, owner: self, topic: settings.topicFilter, budget: budget, counters: counters)
    try Self.keepAlive(channel)
    try channel.pipeline.syncOperations.addHandler(connection)
    accepted[ObjectIdentifier(connection)] = (connection, [])
  }

  // MARK: Messages

  private func publisher(of connection: PublisherConnection) -> EndpointPublisher? {
    guard let slot = connection.slot, let publisher = publishers[slot], publisher.connection === connection else {
      return nil
    }
    return publisher
  }

  private func take(_ message: EventMessage, from publisher: EndpointPublisher) {
    let slot = publisher.endpoint.slot
    switch publisher.sequence.advance(to: message.number) {
    case .next: break
    case .repeated: return
    case .gap(let lost):
      counters.count(.gap)
      logger.debug(
        "messages of an endpoint's cache events were lost; it counts as empty",
        metadata: ["endpoint": "\(publisher.endpoint.id)", "lost": "\(lost)"])
      index.clear(endpoint: slot)
    case .restart:
      counters.count(.restart)
      index.clear(endpoint: slot)
    }
    if let batch = message.batch {
      counters.count(batch)
      for event in batch.events { index.apply(event, endpoint: slot, model: message.topic.model) }
    } else {
      // It may have told of blocks that are gone.
      counters.count(.message)
      index.clear(endpoint: slot)
    }
    counters.take(index.refusals, blocks: index.count)
  }

  /// The endpoint that a topic names: by its address, its name, its pod's name or its IP address, of several the one of
  /// the rank.
  private func publisher(named pod: String, rank: UInt64?) -> EndpointPublisher? {
    let slots = slotsByName ?? makeNames()
    let candidates = (slots[pod] ?? []).compactMap { publishers[$0] }
    if candidates.count <= 1 { return candidates.first }
    let rank = Int(clamping: rank ?? 0)
    return candidates.first { $0.endpoint.id.name == pod } ?? candidates.first { $0.rank == rank }
  }

  private func makeNames() -> [String: [Int]] {
    var slots: [String: [Int]] = [:]
    for (slot, publisher) in publishers {
      let endpoint = publisher.endpoint
      let names = [endpoint.addressText, endpoint.address.host, endpoint.id.name, endpoint.podName]
      for name in Set(names) { slots[name, default: []].append(slot) }
    }
    slotsByName = slots
    return slots
  }
}

extension CacheEventFeed: PublisherConnection.Owner {
  func subscribed(_ connection: PublisherConnection) {
    guard let publisher = publisher(of: connection) else { return }
    publisher.backoff.reset()
    guard publisher.isFailing else { return }
    publisher.isFailing = false
    logger.info(
      "the cache events of an endpoint can be read", metadata: ["endpoint": "\(publisher.endpoint.id)"])
  }

  func received(_ frames: [[UInt8]], from connection: PublisherConnection) {
    counters.countMessage()
    guard let message = EventMessage(frames) else { return counters.count(.message) }
    let id = ObjectIdentifier(connection)
    if accepted[id] == nil {
      guard let publisher = publisher(of: connection) else { return }
      return take(message, from: publisher)
    }
    guard let publisher = publisher(named: message.topic.pod, rank: message.batch?.rank) else {
      return counters.count(.endpoint)
    }
    accepted[id]?.slots.insert(publisher.endpoint.slot)
    take(message, from: publisher)
  }

  func ended(_ connection: PublisherConnection, _ reason: String?) {
    if let slots = accepted.removeValue(forKey: ObjectIdentifier(connection))?.slots {
      counters.count(.connection)
      for slot in slots { publishers[slot].map(forget) }
    } else if let publisher = publisher(of: connection) {
      publisher.connection = nil
      forget(publisher)
      failed(publisher, reason ?? "the server closed the connection")
    }
  }
}
