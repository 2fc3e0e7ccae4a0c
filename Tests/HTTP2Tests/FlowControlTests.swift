import HTTP2
import Testing

/// Windows bound what either side can make the other keep.
@Suite struct FlowControlTests {
  private static func settings(stream: Int32 = 4 << 20, connection: Int32 = 64 << 20) -> HTTP2Settings {
    var settings = HTTP2Settings()
    settings.streamWindow = stream
    settings.connectionWindow = connection
    return settings
  }

  /// A peer that does not read its answers gets no more of its request taken, until it reads again.
  @Test func withholdsTheWindowWhileOutputPilesUp() throws {
    let window: Int32 = 128 << 10
    let pair = try SessionPair(
      client: Self.settings(stream: 64 << 10, connection: 64 << 10), server: Self.settings(stream: window))
    pair.server.outputHighWater = 100_000
    pair.client.isReceivingHeld = true
    let body = pattern(3 << 20)
    let request = try pair.request(body)
    try pair.exchange()

    let served = try #require(pair.application.handlers.first)
    let stalledAt = served.body.count
    #expect(stalledAt < body.count)
    // What was echoed into the client's window, what the server holds, and one window of input above the mark.
    #expect(stalledAt <= 65_536 + 100_000 + Int(window))
    #expect(try #require(served.stream).pendingOutput > 100_000)
    try pair.exchange()
    #expect(served.body.count == stalledAt)

    pair.client.isReceivingHeld = false
    try pair.exchange()
    #expect(Digest(request.body) == Digest(body))
    expectClosedOnce(request, .noError)
    expectClosedOnce(served, .noError)
  }

  /// Another stream of the same connection is not held up by one whose output piles up.
  @Test func withholdsOnlyTheStreamConcerned() throws {
    let pair = try SessionPair(
      client: Self.settings(stream: 64 << 10, connection: 1 << 20),
      server: Self.settings(stream: 128 << 10, connection: 256 << 10))
    pair.server.outputHighWater = 100_000
    pair.application.onStream = { handler in
      // The first stream answers with far more than the client's window takes, then reads; the others echo.
      let isFirst = pair.application.handlers.count == 1
      handler.onHeaders = { handler in
        handler.stream?.respond(okHeaders)
        if isFirst { handler.stream?.write(pattern(5 << 20)) }
      }
      handler.onData = { handler, bytes in if !isFirst { handler.stream?.write(bytes) } }
      handler.onEnd = { $0.stream?.finish() }
    }
    let clogged = try pair.open()
    try pair.clientToServer()
    clogged.stream?.write(pattern(4 << 20))
    // Never reading the clogged stream: its answer is not delivered at all.
    try pair.clientToServer()
    let served = try #require(pair.application.handlers.first)
    #expect(served.body.count <= 128 << 10)
    let other = try pair.request(pattern(500_000))
    try pair.exchange()
    #expect(Digest(other.body) == Digest(pattern(500_000)))
    expectClosedOnce(other, .noError)
  }

  @Test func holdsAllReceivingOnDemand() throws {
    let pair = try SessionPair(server: Self.settings(connection: 128 << 10))
    pair.server.isReceivingHeld = true
    let requests = try (0..<4).map { try pair.request(pattern(200_000, seed: $0)) }
    try pair.exchange()
    let received = pair.application.handlers.reduce(0) { $0 + $1.body.count }
    #expect(received > 0)
    #expect(received <= 128 << 10)

    pair.server.isReceivingHeld = false
    try pair.exchange()
    for (index, request) in requests.enumerated() {
      #expect(Digest(request.body) == Digest(pattern(200_000, seed: index)))
      expectClosedOnce(request, .noError)
    }
  }

  /// Bytes for streams that the server has already ended count as taken: the connection must not run dry.
  @Test func dataOfEndedStreamsDoesNotUseUpTheConnection() throws {
    let pair = try SessionPair(.headersOnly(), server: Self.settings(connection: 128 << 10))
    for round in 0..<100 {
      let request = try pair.open()
      request.stream?.write(pattern(30_000, seed: round))
      try pair.exchange()
      expectClosedOnce(request, .noError)
    }
    pair.application.onStream = { handler in
      handler.onEnd = { $0.stream?.respondOnly(okHeaders) }
    }
    let last = try pair.request(pattern(1 << 20))
    try pair.exchange()
    #expect(last.status == "200")
    #expect(Digest(pair.application.handlers.last?.body ?? []) == Digest(pattern(1 << 20)))
  }

  /// Data that was on its way when the client learned that its stream was reset.
  @Test func dataOfResetStreamsDoesNotUseUpTheConnection() throws {
    let pair = try SessionPair(server: Self.settings(connection: 128 << 10))
    for round in 0..<50 {
      let request = try pair.open()
      try pair.exchange()
      let served = try #require(pair.application.handlers.last)
      served.stream?.reset(.cancel)
      let resetBytes = try pair.drain(pair.server)
      request.stream?.write(pattern(30_000, seed: round))
      try pair.clientToServer()
      try pair.feed(resetBytes, to: pair.client)
      try pair.exchange()
      expectClosedOnce(request, .cancel)
    }
    let last = try pair.request(pattern(1 << 20))
    try pair.exchange()
    #expect(Digest(last.body) == Digest(pattern(1 << 20)))
  }

  /// Windows of the smallest kind still move everything.
  @Test func smallWindowsMoveLargeBodies() throws {
    let pair = try SessionPair(
      client: Self.settings(stream: 1_000, connection: 65_535), server: Self.settings(stream: 700, connection: 65_535))
    let request = try pair.request(pattern(100_000))
    try pair.exchange()
    #expect(Digest(request.body) == Digest(pattern(100_000)))
  }
}
