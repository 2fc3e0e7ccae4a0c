import HTTP2
import Testing

/// Streams that end early: `closed` comes exactly once on both sides, and the connection goes on.
@Suite struct EndingTests {
  // MARK: The server answers first

  /// A server that has answered in full tells the client to stop sending.
  @Test(arguments: [false, true])
  func answersBeforeTheRequestEnded(withBody: Bool) throws {
    let application = RecordingApplication()
    application.onStream = { handler in
      handler.onHeaders = { handler in
        guard withBody else { return handler.stream?.respondOnly(okHeaders) ?? () }
        handler.stream?.respond(okHeaders)
        handler.stream?.write(pattern(50_000))
        handler.stream?.finish(trailers: HeaderBlock([("grpc-status", "8")]))
      }
    }
    let pair = try SessionPair(application)
    pair.isLogging = true
    let request = try pair.open()
    request.stream?.write(pattern(1_000))
    try pair.exchange()

    #expect(request.status == "200")
    #expect(Digest(request.body) == Digest(withBody ? pattern(50_000) : []))
    #expect(request.endCount == 1)
    expectClosedOnce(request, .noError)
    expectClosedOnce(try #require(application.handlers.first), .noError)
    let own = pair.serverFrames.frames.filter { $0.stream == 1 && $0.kind != .windowUpdate }
    #expect(own.dropLast().last?.endsStream == true)
    #expect(own.last?.kind == .resetStream)
    #expect(own.last?.errorCode == HTTP2ErrorCode.noError.rawValue)
    // The connection is unharmed.
    let next = try pair.open()
    try pair.exchange()
    #expect(next.status == "200")
  }

  @Test func doesNotResetWhatEndedOnBothSides() throws {
    let pair = try SessionPair()
    pair.isLogging = true
    _ = try pair.request(pattern(10))
    try pair.exchange()
    #expect(!pair.serverFrames.frames.contains { $0.kind == .resetStream })
    #expect(!pair.clientFrames.frames.contains { $0.kind == .resetStream })
  }

  // MARK: Resets

  /// How far a call has come when it is reset.
  enum Point: CaseIterable, Sendable {
    case opened
    case headersReceived
    case requestBodyUnderWay
    case requestBlockedByWindow
    case requestEnded
    case answerHeadersSent
    case answerBodyUnderWay
    case answerBlockedByWindow
    case answerEnded
  }

  enum Side: CaseIterable, Sendable {
    case client
    case server
  }

  @Test(arguments: Point.allCases, Side.allCases)
  func resetsAtEveryState(point: Point, side: Side) throws {
    var small = HTTP2Settings()
    small.streamWindow = 30_000
    let pair = try SessionPair(RecordingApplication(), client: small, server: small)
    let request = try pair.open()
    try advance(pair, request, to: point)
    switch side {
    case .client: request.stream?.reset(.cancel)
    case .server: pair.application.handlers.first?.stream?.reset(.cancel)
    }
    try pair.exchange()

    if let served = pair.application.handlers.first, side == .client || point != .opened {
      expectClosedOnce(served, .cancel)
      expectClosedOnce(request, .cancel)
      #expect(pair.server.openStreamCount == 0)
      #expect(pair.client.openStreamCount == 0)
    } else if side == .client {
      // The server never heard of it.
      expectClosedOnce(request, .cancel)
    }
    // Neither the connection nor the objects used again are harmed.
    pair.application.onStream = RecordingApplication.echo().onStream
    let next = try (0..<3).map { try pair.request(pattern(90_000, seed: $0)) }
    try pair.exchange()
    for (index, handler) in next.enumerated() {
      #expect(Digest(handler.body) == Digest(pattern(90_000, seed: index)))
      expectClosedOnce(handler, .noError)
    }
    pair.client.disconnected()
    pair.server.disconnected()
    expectClosedOnce(request)
    for handler in pair.application.handlers { expectClosedOnce(handler) }
  }

  /// Brings the call to the point; the server's handler does nothing by itself.
  private func advance(_ pair: SessionPair, _ request: RecordingHandler, to point: Point) throws {
    guard point != .opened else { return }
    try pair.exchange()
    let served = try #require(pair.application.handlers.first)
    switch point {
    case .opened, .headersReceived:
      break
    case .requestBodyUnderWay:
      request.stream?.write(pattern(10_000))
      try pair.exchange()
      #expect(served.body.count == 10_000)
      request.stream?.write(pattern(10_000))
    case .requestBlockedByWindow:
      pair.server.outputHighWater = -1
      request.stream?.write(pattern(100_000))
      try pair.exchange()
      #expect(served.body.count == 30_000)
    case .requestEnded:
      request.stream?.write(pattern(5))
      request.stream?.finish()
      try pair.exchange()
      #expect(served.endCount == 1)
    case .answerHeadersSent:
      served.stream?.respond(okHeaders)
      try pair.exchange()
      #expect(request.status == "200")
    case .answerBodyUnderWay:
      served.stream?.respond(okHeaders)
      served.stream?.write(pattern(10_000))
      try pair.exchange()
      #expect(request.body.count == 10_000)
      served.stream?.write(pattern(10_000))
    case .answerBlockedByWindow:
      pair.client.outputHighWater = -1
      served.stream?.respond(okHeaders)
      served.stream?.write(pattern(100_000))
      served.stream?.finish(trailers: HeaderBlock([("late", "1")]))
      try pair.exchange()
      #expect(request.body.count == 30_000)
    case .answerEnded:
      // The end is queued and not sent when the reset comes.
      served.stream?.respond(okHeaders)
      served.stream?.write(pattern(10))
      served.stream?.finish()
    }
    pair.server.outputHighWater = 2 << 20
    pair.client.outputHighWater = .max
  }

  /// The peer resets while a DATA frame of the stream waits for room in a full region.
  @Test func resetWhileAFrameWaitsForRoom() throws {
    let application = RecordingApplication()
    application.onStream = { handler in
      handler.onHeaders = { handler in
        handler.stream?.respond(okHeaders)
        handler.stream?.write(pattern(100_000))
        handler.stream?.finish()
      }
    }
    let pair = try SessionPair(application)
    let victims = try (0..<1_500).map { _ in try pair.open() }
    try pair.clientToServer()
    var region = [UInt8](repeating: 0, count: 17 << 10)
    var first: [UInt8] = []
    for _ in 0..<6 {
      let length = try region.withUnsafeMutableBytes { try pair.server.drain(into: $0) }
      first += region[..<length]
    }
    #expect(pair.server.hasMoreOutput)
    for victim in victims { victim.stream?.reset(.cancel) }
    try pair.clientToServer()
    for served in application.handlers { expectClosedOnce(served, .cancel) }

    // New streams take the objects of the old ones.
    pair.application.onStream = RecordingApplication.echo().onStream
    let next = try (0..<100).map { try pair.request(pattern(20_000, seed: $0)) }
    try pair.feed(first, to: pair.client)
    try pair.exchange()
    for (index, handler) in next.enumerated() {
      #expect(Digest(handler.body) == Digest(pattern(20_000, seed: index)))
      expectClosedOnce(handler, .noError)
    }
    for victim in victims { expectClosedOnce(victim, .cancel) }
  }

  /// Handlers may reset their stream from within a callback.
  @Test func resetsFromWithinCallbacks() throws {
    for callback in 0..<3 {
      let application = RecordingApplication()
      application.onStream = { handler in
        switch callback {
        case 0: handler.onHeaders = { $0.stream?.reset(.internalError) }
        case 1: handler.onData = { handler, _ in handler.stream?.reset(.internalError) }
        default: handler.onEnd = { $0.stream?.reset(.internalError) }
        }
      }
      let pair = try SessionPair(application)
      let request = try pair.request(pattern(100_000))
      try pair.exchange()
      expectClosedOnce(request, .internalError)
      expectClosedOnce(try #require(application.handlers.first), .internalError)
      #expect(pair.server.openStreamCount == 0)
    }
  }

  /// Only the first reset counts, even of a stream whose headers have not left yet.
  @Test(arguments: [false, true])
  func resetsOnce(headersSent: Bool) throws {
    let pair = try SessionPair(RecordingApplication())
    pair.isLogging = true
    try pair.exchange()
    let request = try pair.open()
    if headersSent { try pair.exchange() }
    request.stream?.reset(.cancel)
    request.stream?.reset(.internalError)
    try pair.exchange()
    expectClosedOnce(request, .cancel)
    #expect(pair.clientFrames.frames.count { $0.kind == .resetStream } == (headersSent ? 1 : 0))
    #expect(!pair.client.peerIsGoingAway)
  }

  // MARK: The connection is lost

  @Test func disconnectClosesEverything() throws {
    let pair = try SessionPair(RecordingApplication())
    let requests = try (0..<50).map { _ in try pair.open() }
    try pair.exchange()
    let unsent = try pair.open()
    pair.client.disconnected()
    pair.server.disconnected()
    for handler in requests + [unsent] + pair.application.handlers { expectClosedOnce(handler, .cancel) }
    #expect(pair.application.handlers.count == 50)
    #expect(pair.client.openStreamCount == 0)
    #expect(pair.server.openStreamCount == 0)
  }

  /// Closing handlers may touch other streams of the connection that is going away.
  @Test func handlersMayActWhileDisconnecting() throws {
    let pair = try SessionPair(RecordingApplication())
    _ = try (0..<20).map { _ in try pair.open() }
    try pair.exchange()
    let handlers = pair.application.handlers
    for handler in handlers {
      handler.onClosed = { closing in
        for other in handlers where other !== closing {
          other.stream?.write([1, 2, 3])
          other.stream?.reset(.cancel)
        }
      }
    }
    pair.server.disconnected()
    for handler in handlers { expectClosedOnce(handler) }
  }
}
