import EndpointPicker
import KVCacheEvents
import NIOCore
import NIOEmbedded
import Testing

/// Connections to publishers of cache events, without sockets.
@Suite struct PublisherConnectionTests {
  /// Notes what it hears.
  private final class Listener: PublisherConnection.Owner {
    var subscriptions = 0
    var messages: [[[UInt8]]] = []
    var endings: [String?] = []

    func subscribed(_ connection: PublisherConnection) { subscriptions += 1 }
    func received(_ frames: [[UInt8]], from connection: PublisherConnection) { messages.append(frames) }
    func ended(_ connection: PublisherConnection, _ reason: String?) { endings.append(reason) }
  }

  private static let greeting: [UInt8] =
    [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1] + Array("NULL".utf8) + Array(repeating: 0, count: 48)
  private static let ready: [UInt8] =
    [0x04, 25, 5] + Array("READY".utf8) + [11] + Array("Socket-Type".utf8) + [0, 0, 0, 3] + Array("PUB".utf8)

  private let listener = Listener()
  private let counters = CacheEventCounters()
  private let channel = EmbeddedChannel()

  private func open(_ budget: PublisherBudget = PublisherBudget()) throws -> PublisherConnection {
    let connection = PublisherConnection(
      slot: 7, owner: listener, stream: PublisherStream(topic: "kv@"), budget: budget, counters: counters)
    try channel.pipeline.syncOperations.addHandler(connection)
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 5_557)).wait()
    return connection
  }

  private func receive(_ bytes: [UInt8]) throws { try channel.writeInbound(ByteBuffer(bytes: bytes)) }

  private func sent() throws -> [UInt8] {
    var bytes: [UInt8] = []
    while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
    return bytes
  }

  @Test func introducesItselfAndPassesMessagesOn() throws {
    let connection = try open()
    #expect(try sent().count == 64)
    try receive(Self.greeting + Self.ready + [1, 1, 9, 0, 2, 8, 8])
    #expect(connection.isSubscribed)
    #expect(listener.subscriptions == 1)
    #expect(listener.messages == [[[9], [8, 8]]])
    #expect(try sent().suffix(6) == [0, 4, 1] + Array("kv@".utf8))
    #expect(counters.reading.publishers == 1)
    channel.embeddedEventLoop.advanceTime(by: .hours(1))
    #expect(channel.isActive)
    _ = try channel.finish()
    #expect(listener.endings == [nil])
    #expect(counters.reading.publishers == 0)
  }

  @Test func whoDoesNotIntroduceItselfIsLeft() throws {
    _ = try open()
    try receive(Array(Self.greeting.prefix(20)))
    channel.embeddedEventLoop.advanceTime(by: PublisherConnection.handshakeTimeout)
    #expect(!channel.isActive)
    #expect(listener.endings == ["no greeting in time"])
    #expect(counters.reading.publishers == 0)
  }

  @Test func whoSaysSomethingElseIsLeft() throws {
    _ = try open()
    try receive(Array("HTTP/1.1 400 Bad Request".utf8))
    #expect(!channel.isActive)
    #expect(listener.endings.first??.hasPrefix("not a publisher of events") == true)
  }

  @Test func whatIsKeptForMessagesIsLimitedAndGivenBack() throws {
    let budget = PublisherBudget(bytes: 300)
    _ = try open(budget)
    try receive(Self.greeting + Self.ready + [0, 200] + Array(repeating: 1, count: 100))
    #expect(budget.remaining == 300 - 102)
    try receive(Array(repeating: 1, count: 100))
    #expect(budget.remaining == 300)
    #expect(listener.messages.count == 1)
    try receive([2, 0, 0, 0, 0, 0, 0, 4, 0] + Array(repeating: 1, count: 400))
    #expect(!channel.isActive)
    channel.embeddedEventLoop.run()
    #expect(budget.remaining == 300)
    #expect(listener.endings.count == 1)
  }

  @Test func whoIsLetGoOfIsNotHeardAnyMore() throws {
    let connection = try open()
    try receive(Self.greeting + Self.ready)
    connection.letGo()
    #expect(!channel.isActive)
    #expect(listener.endings.isEmpty)
    channel.embeddedEventLoop.run()
    #expect(counters.reading.publishers == 0)
  }
}
