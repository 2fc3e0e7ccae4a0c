import KVCacheEvents
import NIOCore
import NIOPosix

/// Connections to publishers, and those that publishers make.
extension CacheEventFeed {
  /// Connections of servers; further ones are closed at once.
  static let maximumConnections = 4_096
  private static let connectTimeout = TimeAmount.seconds(5)

  /// Connects to an endpoint's publisher, if endpoints are to be connected to.
  func connect(_ publisher: EndpointPublisher) {
    guard settings.followsEndpoints, !isStopped else { return }
    let target: SocketAddress
    do {
      target = try address(of: publisher, port: settings.socketPort)
    } catch {
      return failed(publisher, "\(error)")
    }
    let connection = makeConnection(slot: publisher.endpoint.slot)
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

  /// The address of an endpoint's port, counted by rank.
  func address(of publisher: EndpointPublisher, port: Int) throws -> SocketAddress {
    let port = port + publisher.rank
    guard port <= 65_535 else { throw ChannelError.unknownLocalAddress }
    return try SocketAddress(ipAddress: publisher.endpoint.address.host, port: port)
  }

  private func makeConnection(slot: Int?) -> PublisherConnection {
    PublisherConnection(
      slot: slot, owner: self, stream: PublisherStream(topic: settings.topicFilter), budget: budget,
      counters: counters)
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
    let delay = publisher.backoff.next(jitter: .random(in: 0...1))
    publisher.attempt = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(Int64(delay * 1e9))) { [self] in
      publisher.attempt = nil
      connect(publisher)
    }
  }

  /// Takes a connection that a server has made.
  func accept(_ channel: any Channel) throws {
    guard accepted.count < Self.maximumConnections, !isStopped else {
      counters.count(.connection)
      throw ChannelError.operationUnsupported
    }
    let connection = makeConnection(slot: nil)
    try Self.keepAlive(channel)
    try channel.pipeline.syncOperations.addHandler(connection)
    accepted[ObjectIdentifier(connection)] = (connection, [])
  }

  private func publisher(of connection: PublisherConnection) -> EndpointPublisher? {
    guard let slot = connection.slot, let publisher = publishers[slot], publisher.connection === connection else {
      return nil
    }
    return publisher
  }
}

extension CacheEventFeed: PublisherConnection.Owner {
  func subscribed(_ connection: PublisherConnection) {
    guard let publisher = publisher(of: connection) else { return }
    publisher.backoff.reset()
    if publisher.isFailing {
      publisher.isFailing = false
      logger.info("the cache events of an endpoint can be read", metadata: ["endpoint": "\(publisher.endpoint.id)"])
    }
    // What it has held since before we were there.
    if mayReplay(publisher) { replay(publisher, from: 0) }
  }

  func received(_ frames: [[UInt8]], from connection: PublisherConnection) {
    counters.countMessage()
    guard let message = EventMessage(frames) else { return counters.count(.message) }
    let id = ObjectIdentifier(connection)
    if accepted[id] == nil {
      guard let publisher = publisher(of: connection) else { return }
      return take(message, from: publisher)
    }
    guard let publisher = publisher(of: message) else { return counters.count(.endpoint) }
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
