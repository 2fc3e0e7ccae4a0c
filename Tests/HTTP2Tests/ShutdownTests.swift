import HTTP2
import Testing

/// A graceful end of a connection: nobody loses a call that the other side has seen.
@Suite struct ShutdownTests {
  @Test func openStreamsFinishAndNewOnesAreRefused() throws {
    let pair = try SessionPair()
    let open = try pair.open()
    open.stream?.write(pattern(10))
    try pair.exchange()
    #expect(!pair.server.isFinished)

    pair.server.announceShutdown()
    // Sent before the client has read the announcement: still served.
    let crossing = try pair.request(pattern(20))
    try pair.exchange()
    #expect(Digest(crossing.body) == Digest(pattern(20)))
    expectClosedOnce(crossing, .noError)
    #expect(pair.client.peerIsGoingAway)
    #expect(!pair.server.isFinished)

    pair.server.goAway()
    try pair.exchange()
    let late = RecordingHandler()
    let lateStream = pair.client.open(requestHeaders, handler: late)
    try pair.exchange()
    #expect(pair.application.handlers.count == 2)
    if lateStream != nil { expectClosedOnce(late, .refusedStream) }
    #expect(!pair.server.isFinished)

    open.stream?.write(pattern(5_000))
    open.stream?.finish()
    try pair.exchange()
    #expect(Digest(open.body) == Digest(pattern(10) + pattern(5_000)))
    expectClosedOnce(open, .noError)
    #expect(pair.server.isFinished)
    #expect(pair.client.isFinished)
  }

  /// Streams that cross the final GOAWAY come back as refused, which tells the client that it may try elsewhere.
  @Test func streamsThatCrossTheFinalGoAwayAreRefused() throws {
    let pair = try SessionPair()
    let open = try pair.open()
    try pair.exchange()
    pair.server.goAway()
    let farewell = try pair.drain(pair.server)
    let late = try (0..<5).map { try pair.request(pattern(1_000, seed: $0)) }
    try pair.clientToServer()
    #expect(pair.application.handlers.count == 1)
    try pair.feed(farewell, to: pair.client)
    try pair.exchange()
    for handler in late { expectClosedOnce(handler, .refusedStream) }
    #expect(open.closedWith.isEmpty)
    open.stream?.finish()
    try pair.exchange()
    expectClosedOnce(open, .noError)
    #expect(pair.server.isFinished)
  }

  @Test func idleConnectionFinishesAtOnce() throws {
    let pair = try SessionPair()
    try pair.exchange()
    #expect(!pair.server.isFinished)
    #expect(!pair.server.wantsWrite)
    pair.server.announceShutdown()
    #expect(pair.server.wantsWrite)
    pair.server.goAway()
    try pair.exchange()
    #expect(pair.server.isFinished)
    #expect(pair.client.isFinished)
  }
}
