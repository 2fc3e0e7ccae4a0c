import GRPC
import HTTP2
import Testing

/// Caps on messages and on memory: the call hears of them, the client gets `RESOURCE_EXHAUSTED`, and memory comes back.
@Suite struct LimitTests {
  private static func configuration(
    message: Int = 64 << 20, connection: Int = 256 << 20, total: Int = 1 << 30
  ) -> GRPCServerConfiguration {
    var configuration = GRPCServerConfiguration()
    configuration.maxMessageBytes = message
    configuration.maxBufferedBytesPerConnection = connection
    configuration.maxBufferedBytes = total
    return configuration
  }

  @Test func messageAboveTheCap() throws {
    let log = CallLog()
    let connection = try InMemoryConnection(
      [TestMethod(.echo, log: log)], configuration: Self.configuration(message: 1_000))
    let call = try connection.open()
    call.send(pattern(1_000))
    call.sendRaw(prefix(announcing: 1_001))
    try connection.exchange()
    #expect(call.outcome.messages == [pattern(1_000)])
    #expect(call.outcome.status == .resourceExhausted)
    #expect(call.outcome.closedWith == [.noError])
    expectEntries(log, 1) { $0.limits == [.messageSize(announced: 1_001)] && $0.messages == 1 && $0.halfCloses == 0 }
  }

  /// A call may turn a limit into an answer of its own.
  @Test func callAnswersALimitItself() throws {
    let log = CallLog()
    let connection = try InMemoryConnection(
      [TestMethod(.forgive, log: log)], configuration: Self.configuration(message: 1_000))
    let call = try connection.open()
    call.send(pattern(100_000))
    try connection.exchange()
    #expect(call.outcome.messages == [[42]])
    #expect(call.outcome.status == .ok)
    expectEntries(log, 1) { $0.limits == [.messageSize(announced: 100_000)] }
  }

  /// Half-received messages count.
  @Test func connectionBudgetBoundsAssembly() throws {
    let log = CallLog()
    let connection = try InMemoryConnection(
      [TestMethod(.keep, log: log)], configuration: Self.configuration(connection: 1 << 20))
    connection.cuts = SeededGenerator(seed: 1)
    let call = try connection.open()
    call.sendRaw(prefix(announcing: 8 << 20) + pattern(3 << 20))
    try connection.exchange()
    #expect(call.outcome.status == .resourceExhausted)
    expectEntries(log, 1) { $0.limits == [.connectionBuffers] && $0.messages == 0 }
    #expect(connection.total.bytes <= 1 << 20)
    // The memory is free for the next call.
    let next = try connection.open()
    next.send(pattern(300_000))
    next.halfClose()
    try connection.exchange()
    #expect(next.outcome.status == .ok)
  }

  @Test func connectionBudgetBoundsWhatCallsKeep() throws {
    let log = CallLog()
    let connection = try InMemoryConnection(
      [TestMethod(.keep, log: log)], configuration: Self.configuration(connection: 1 << 20))
    let calls = try (0..<8).map { _ in
      let call = try connection.open()
      for number in 0..<6 { call.send(pattern(50_000, seed: number)) }
      return call
    }
    try connection.exchange()
    let refused = calls.filter { $0.outcome.status == .resourceExhausted }
    #expect(refused.count >= 2)
    #expect(refused.count < 8)
    #expect(connection.total.bytes <= 1 << 20)
    for call in calls where !call.outcome.isClosed { call.halfClose() }
    try connection.exchange()
    #expect(calls.count { $0.outcome.status == .ok } == 8 - refused.count)
    expectEntries(log, 8) { $0.limits.isEmpty || $0.limits.first == .connectionBuffers }
  }

  @Test func totalBudgetSpansConnections() throws {
    let log = CallLog()
    // Blocks have room to grow, so a message takes up to twice its size.
    let total = BufferBudget.Total(limit: 1_500_000)
    let first = try InMemoryConnection([TestMethod(.keep, log: log)], total: total)
    let second = try InMemoryConnection([TestMethod(.keep, log: log)], total: total)
    let holder = try first.open()
    holder.send(pattern(700_000))
    try first.exchange()
    #expect(total.bytes >= 700_000)
    let refused = try second.open()
    refused.send(pattern(700_000))
    try second.exchange()
    #expect(refused.outcome.status == .resourceExhausted)
    #expect(log.entries.last?.limits == [.totalBuffers])

    holder.halfClose()
    try first.exchange()
    #expect(holder.outcome.status == .ok)
    let next = try second.open()
    next.send(pattern(700_000))
    next.halfClose()
    try second.exchange()
    #expect(next.outcome.status == .ok)
  }

  /// Calls of one kind that hold as much as they may leave those of another kind alone.
  @Test func sharesAreKeptApart() throws {
    let log = CallLog()
    let share = BufferBudget.Total(limit: 1_000_000)
    let other = BufferBudget.Total(limit: 1_000_000)
    let connection = try InMemoryConnection([
      TestMethod(.keep, path: "/one", log: log, share: share), TestMethod(.keep, path: "/other", share: other),
    ])
    let holder = try connection.open(path: "/one")
    holder.send(pattern(400_000))
    try connection.exchange()
    #expect(share.bytes >= 400_000)
    let refused = try connection.open(path: "/one")
    refused.send(pattern(700_000))
    try connection.exchange()
    #expect(refused.outcome.status == .resourceExhausted)
    #expect(log.entries.last?.limits == [.sharedBuffers])
    let stranger = try connection.open(path: "/other")
    stranger.send(pattern(400_000))
    stranger.halfClose()
    try connection.exchange()
    #expect(stranger.outcome.status == .ok)
    holder.halfClose()
    try connection.exchange()
    #expect(holder.outcome.status == .ok)
    #expect([share.bytes, other.bytes, connection.total.bytes] == [0, 0, 0])
  }

  /// Nothing stays charged when all calls are over, however they ended, and least of all when the connection is gone.
  @Test func memoryComesBack() throws {
    let total = BufferBudget.Total(limit: 1 << 30)
    for round in 0..<20 {
      let connection = try InMemoryConnection([TestMethod(.keep), TestMethod(.echo, path: "/echo")], total: total)
      connection.cuts = SeededGenerator(seed: UInt64(round))
      for number in 0..<30 {
        let call = try connection.open(path: number % 2 == 0 ? "/test.Echo/Call" : "/echo")
        call.send(pattern(number * 2_000))
        call.sendRaw(Array(framed(pattern(number * 3_000)).dropLast(number % 3 == 0 ? 0 : 1)))
        switch number % 5 {
        case 0: call.halfClose()
        case 1:
          try connection.exchange()
          call.reset()
        default: break
        }
      }
      try connection.exchange()
      connection.disconnect()
    }
    #expect(total.bytes == 0)
  }

  @Test func budgetArithmetic() {
    let total = BufferBudget.Total(limit: 100)
    let first = BufferBudget(limit: 60, total: total)
    let second = BufferBudget(limit: 60, total: total)
    #expect(first.charge(60) == nil)
    #expect(first.charge(1) == .connectionBuffers)
    #expect(second.charge(41) == .totalBuffers)
    #expect(second.bytes == 0)
    #expect(second.charge(40) == nil)
    #expect(total.bytes == 100)
    first.release(60)
    #expect(first.bytes == 0)
    #expect(total.bytes == 40)
    #expect(second.charge(20) == nil)
    second.release(60)
    #expect(total.bytes == 0)
  }
}
