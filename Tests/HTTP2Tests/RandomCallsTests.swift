import HTTP2
import Testing

/// Thousands of calls of every kind on one connection: objects are used again, and nothing of one call shows in another.
@Suite struct RandomCallsTests {
  private enum Kind: CaseIterable {
    case echo
    case trailers
    case answeredEarly
    case resetByClient
    case resetByServer
  }

  private struct Call {
    let kind: Kind
    let body: [UInt8]
    let handler: RecordingHandler
  }

  @Test(arguments: [1, 2, 3])
  func callsDoNotLeakIntoEachOther(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let application = RecordingApplication()
    application.onStream = { $0.onHeaders = Self.serve }
    var settings = HTTP2Settings()
    settings.streamWindow = 40_000
    let pair = try SessionPair(application, client: settings, server: settings)
    pair.region = 17 << 10
    pair.cuts = SeededGenerator(seed: seed + 100)
    var calls: [Call] = []
    for number in 0..<3_000 {
      calls.append(try start(number, pair, &random))
      if Int.random(in: 0..<4, using: &random) == 0 { try pair.clientToServer() }
      if Int.random(in: 0..<4, using: &random) == 0 { try pair.serverToClient() }
      let earlier = calls[Int.random(in: max(0, calls.count - 20)..<calls.count, using: &random)]
      if earlier.kind == .resetByClient { reset(earlier) }
    }
    for call in calls where call.kind == .resetByClient { reset(call) }
    try pair.exchange()

    #expect(!pair.client.peerIsGoingAway)
    for call in calls { check(call) }
    for served in application.handlers { expectClosedOnce(served) }
    #expect(pair.client.openStreamCount == 0)
    #expect(pair.server.openStreamCount == 0)
  }

  private func reset(_ call: Call) {
    call.handler.stream?.reset(.cancel)
    call.handler.stream = nil
  }

  private func start(
    _ number: Int, _ pair: SessionPair, _ random: inout SeededGenerator
  ) throws -> Call {
    let kind = Kind.allCases.randomElement(using: &random) ?? .echo
    let size = [0, 1, 100, 20_000, 90_000].randomElement(using: &random) ?? 0
    let body = pattern(size, seed: number)
    let handler = try pair.open(
      HeaderBlock([
        (":method", "POST"), (":scheme", "http"), (":path", "/\(kind)"), (":authority", "localhost"),
        ("number", "\(number)"),
      ]))
    handler.stream?.write(body)
    switch kind {
    case .echo: handler.stream?.finish()
    case .trailers: handler.stream?.finish(trailers: HeaderBlock([("number", "\(number)")]))
    case .answeredEarly, .resetByClient, .resetByServer: break
    }
    return Call(kind: kind, body: body, handler: handler)
  }

  private static func serve(_ handler: RecordingHandler) {
    guard handler.blocks.count == 1 else { return }
    let number = handler.value("number", block: 0) ?? ""
    let answer = HeaderBlock([(":status", "200"), ("number", number)])
    switch handler.value(":path", block: 0) {
    case "/echo", "/trailers":
      handler.stream?.respond(answer)
      handler.onData = { handler, bytes in handler.stream?.write(bytes) }
      handler.onEnd = { handler in
        // The request's own trailers come back.
        let trailers = handler.value("number", block: 1).map { HeaderBlock([("number", $0)]) }
        handler.stream?.finish(trailers: trailers)
      }
    case "/answeredEarly":
      handler.stream?.respondOnly(answer)
    case "/resetByServer":
      handler.stream?.respond(answer)
      handler.stream?.reset(.internalError)
    default:
      handler.stream?.respond(answer)
    }
  }

  private func check(_ call: Call) {
    let handler = call.handler
    expectClosedOnce(handler)
    switch call.kind {
    case .echo, .trailers:
      #expect(handler.closedWith == [.noError])
      #expect(Digest(handler.body) == Digest(call.body))
      #expect(handler.endCount == 1)
      #expect(handler.blocks.count == (call.kind == .trailers ? 2 : 1))
      if call.kind == .trailers {
        #expect(handler.value("number", block: 1) == handler.value("number", block: 0))
      }
    case .answeredEarly:
      #expect(handler.closedWith == [.noError])
      #expect(handler.status == "200")
      #expect(handler.body.isEmpty)
    case .resetByClient:
      #expect(handler.closedWith == [.cancel])
      #expect(handler.body.isEmpty)
    case .resetByServer:
      #expect(handler.closedWith == [.internalError])
      #expect(handler.body.isEmpty)
    }
  }
}
