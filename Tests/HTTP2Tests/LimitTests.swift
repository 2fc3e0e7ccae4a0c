import HTTP2
import Testing

/// What a peer may do, and what ends its streams or its connection.
@Suite struct LimitTests {
  // MARK: Resets

  /// Proxies reset every call that was answered; a connection lives through any number of those.
  @Test func resetsOfAnsweredStreamsDoNotCount() throws {
    var settings = HTTP2Settings()
    settings.unfinishedResetRate = 10
    let application = RecordingApplication()
    application.onStream = { handler in
      handler.onData = { handler, _ in
        handler.stream?.respond(okHeaders)
        handler.stream?.write(pattern(20))
        handler.stream?.finish(trailers: HeaderBlock([("grpc-status", "0")]))
      }
    }
    let pair = try SessionPair(application, server: settings)
    for round in 0..<200 {
      let requests = try (0..<100).map { _ in try pair.open() }
      for request in requests { request.stream?.write(pattern(30)) }
      try pair.clientToServer()
      if round % 2 == 0 {
        // The reset crosses the answer.
        for request in requests { request.stream?.reset(.cancel) }
      } else {
        // The reset answers the answer's headers.
        for request in requests { request.onHeaders = { $0.stream?.reset(.noError) } }
      }
      try pair.exchange()
      for request in requests { expectClosedOnce(request) }
    }
    #expect(pair.server.openedStreams == 20_000)
    #expect(pair.server.unfinishedResets == 0)
    #expect(pair.server.openStreamCount == 0)
    #expect(!pair.client.peerIsGoingAway)
    for served in application.handlers { expectClosedOnce(served) }
  }

  /// An ext_proc stream stays open after the last answer, until the proxy resets it.
  @Test func resetsOfStreamsMarkedCompleteDoNotCount() throws {
    var settings = HTTP2Settings()
    settings.unfinishedResetRate = 5
    let application = RecordingApplication()
    application.onStream = { handler in
      handler.onHeaders = { handler in
        handler.stream?.respond(okHeaders)
        handler.stream?.isComplete = application.handlers.count % 50 != 0
      }
    }
    let pair = try SessionPair(application, server: settings)
    for _ in 0..<200 {
      let request = try pair.open()
      try pair.exchange()
      #expect(request.status == "200")
      request.stream?.reset(.cancel)
      try pair.exchange()
    }
    // The mark does not stay on objects that are used again.
    #expect(pair.server.unfinishedResets == 4)
    #expect(!pair.client.peerIsGoingAway)
  }

  @Test func tooManyUnfinishedResetsEndTheConnection() throws {
    var settings = HTTP2Settings()
    settings.unfinishedResetRate = 100
    let pair = try SessionPair(RecordingApplication(), server: settings)
    pair.isLogging = true
    try resetUnfinished(100, pair)
    #expect(!pair.client.peerIsGoingAway)
    pair.server.startInterval()
    try resetUnfinished(100, pair)
    #expect(!pair.client.peerIsGoingAway)

    try resetUnfinished(1, pair)
    #expect(pair.client.peerIsGoingAway)
    let goAway = try #require(pair.serverFrames.frames.last { $0.kind == .goAway })
    #expect(goAway.errorCode == HTTP2ErrorCode.enhanceYourCalm.rawValue)
    #expect(pair.server.isFinished)
    #expect(pair.client.isFinished)
    for served in pair.application.handlers { expectClosedOnce(served) }
  }

  private func resetUnfinished(_ count: Int, _ pair: SessionPair) throws {
    for _ in 0..<count {
      let request = try pair.open()
      try pair.clientToServer()
      request.stream?.reset(.cancel)
      try pair.clientToServer()
    }
    try pair.exchange()
  }

  // MARK: Floods

  private static let ping: [UInt8] = [0, 0, 8, 6, 0, 0, 0, 0, 0] + [UInt8](repeating: 7, count: 8)
  private static let setting: [UInt8] = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 255, 255]
  private static let priority: [UInt8] = [0, 0, 5, 2, 0, 0, 0, 0, 9, 0, 0, 0, 0, 1]

  /// Each flood ends its connection, and is taken in small portions as well as in large ones.
  @Test(arguments: [ping, setting, priority], [1, 50])
  func floodsOfEmptyFramesEndTheConnection(frame: [UInt8], portion: Int) throws {
    var settings = HTTP2Settings()
    settings.controlFrameRate = 100
    let pair = try SessionPair(server: settings)
    pair.isLogging = true
    try pair.exchange()
    #expect(pair.server.hasPeerSettings)
    let bytes = Array(repeatElement(frame, count: portion).joined())
    for round in 0..<3 {
      pair.server.startInterval()
      for _ in 0..<(100 / portion) { try bytes.withUnsafeBytes { try pair.server.feed($0) } }
      try pair.serverToClient()
      #expect(pair.server.offence == nil, "round \(round)")
    }
    try frame.withUnsafeBytes { try pair.server.feed($0) }
    try pair.serverToClient()
    #expect(pair.server.offence == .controlFrames)
    let goAway = try #require(pair.serverFrames.frames.last { $0.kind == .goAway })
    #expect(goAway.errorCode == HTTP2ErrorCode.enhanceYourCalm.rawValue)
    #expect(pair.server.isFinished)
  }

  /// Acknowledgements of a peer that does not read are not piled up without end.
  @Test func acknowledgementsAreBounded() throws {
    var settings = HTTP2Settings()
    settings.controlFrameRate = .max
    let pair = try SessionPair(server: settings)
    pair.isLogging = true
    try pair.exchange()
    #expect(throws: HTTP2Error.self) {
      for _ in 0..<10_000 { try Self.ping.withUnsafeBytes { try pair.server.feed($0) } }
    }
    #expect(pair.server.offence == .controlFrames)
    try pair.serverToClient()
    #expect(pair.client.peerIsGoingAway)
  }

  /// DATA and its window updates are what a connection is for.
  @Test func usefulFramesAreNoFlood() throws {
    var settings = HTTP2Settings()
    settings.controlFrameRate = 20
    let pair = try SessionPair(server: settings)
    for _ in 0..<200 {
      let request = try pair.request(pattern(50_000))
      try pair.exchange()
      #expect(request.body.count == 50_000)
    }
    #expect(pair.server.offence == nil)
  }

  // MARK: Time

  @Test func streamsWithoutAnAnswerBecomeOverdue() throws {
    let pair = try SessionPair(RecordingApplication())
    let waiting = try pair.open()
    try pair.exchange()
    pair.server.startInterval()
    let later = try pair.open()
    let answered = try pair.open()
    try pair.exchange()
    pair.application.handlers.last?.stream?.respond(okHeaders)
    try pair.exchange()
    #expect(pair.server.endOverdueStreams(requestLimit: 2, stallLimit: nil) == 0)
    pair.server.startInterval()
    #expect(pair.server.endOverdueStreams(requestLimit: 2, stallLimit: nil) == 1)
    #expect(pair.application.handlers.map(\.overdueCalls) == [1, 0, 0])
    #expect([waiting, later, answered].allSatisfy { !$0.isClosed })
    pair.server.startInterval()
    #expect(pair.server.endOverdueStreams(requestLimit: 2, stallLimit: nil) == 2)
    #expect(pair.application.handlers.map(\.overdueCalls) == [2, 1, 0])
  }

  /// A peer that gives no window holds memory here; one that has nothing to read does not.
  @Test func streamsWhosePeerTakesNothingAreReset() throws {
    var narrow = HTTP2Settings()
    narrow.streamWindow = 100
    let application = RecordingApplication()
    application.onStream = { handler in handler.onHeaders = { $0.stream?.respond(okHeaders) } }
    let pair = try SessionPair(application, client: narrow)
    let stalled = try pair.open()
    let quiet = try pair.open()
    try pair.exchange()
    for _ in 0..<5 {
      pair.server.startInterval()
      #expect(pair.server.endOverdueStreams(requestLimit: 1, stallLimit: 3) == 0)
    }
    application.handlers.first?.stream?.write(pattern(5_000))
    try pair.serverToClient()
    for _ in 0..<2 {
      pair.server.startInterval()
      #expect(pair.server.endOverdueStreams(requestLimit: 1, stallLimit: 3) == 0)
    }
    pair.server.startInterval()
    #expect(pair.server.endOverdueStreams(requestLimit: 1, stallLimit: 3) == 1)
    try pair.serverToClient()
    #expect(stalled.closedWith == [.cancel])
    #expect(!quiet.isClosed)
    #expect(pair.server.openStreamCount == 1)
  }

  // MARK: Headers

  @Test func refusesLongHeaderLists() throws {
    var settings = HTTP2Settings()
    settings.maxHeaderListSize = 4_096
    let pair = try SessionPair(server: settings)
    let fields = (0..<100).map { (name: "x-field-\($0)", value: String(repeating: "v", count: 100)) }
    let path: [(name: String, value: String)] = [
      (":method", "POST"), (":scheme", "http"), (":path", "/test"), (":authority", "localhost"),
    ]
    let refused = try pair.open(HeaderBlock(path + fields))
    let accepted = try pair.open(HeaderBlock(path + fields.prefix(20)))
    accepted.stream?.finish()
    try pair.exchange()
    #expect(refused.closedWith.count == 1)
    #expect(refused.closedWith.first != .noError)
    #expect(refused.status == nil)
    #expect(accepted.status == "200")
    #expect(pair.application.handlers.first?.blocks.isEmpty == true)
    for handler in pair.application.handlers { expectClosedOnce(handler) }
    // Compression state stays in step after a block that was given up half-way.
    let next = try pair.request(pattern(10))
    try pair.exchange()
    #expect(Digest(next.body) == Digest(pattern(10)))
  }

  @Test func longTrailersCountToo() throws {
    var settings = HTTP2Settings()
    settings.maxHeaderListSize = 4_096
    let pair = try SessionPair(server: settings)
    let long = HeaderBlock((0..<100).map { ("x-field-\($0)", String(repeating: "v", count: 100)) })
    let request = try pair.request([1], trailers: long)
    try pair.exchange()
    #expect(request.closedWith.count == 1)
    #expect(request.closedWith.first != .noError)
    expectClosedOnce(try #require(pair.application.handlers.first))
  }

  // MARK: Streams

  @Test func refusesStreamsTheApplicationDoesNotWant() throws {
    let pair = try SessionPair()
    pair.application.isRefusing = true
    let refused = try pair.request(pattern(100_000))
    try pair.exchange()
    #expect(refused.closedWith.count == 1)
    #expect(refused.closedWith.first != .noError)
    #expect(pair.server.openStreamCount == 0)
    pair.application.isRefusing = false
    let next = try pair.request(pattern(10))
    try pair.exchange()
    #expect(Digest(next.body) == Digest(pattern(10)))
  }

  /// More streams than the server allows at once wait at the client and are served in turn.
  @Test func concurrencyIsBounded() throws {
    var settings = HTTP2Settings()
    settings.maxConcurrentStreams = 10
    let application = RecordingApplication()
    let pair = try SessionPair(application, server: settings)
    try pair.exchange()
    let requests = try (0..<35).map { _ in try pair.request([]) }
    var rounds = 0
    while rounds < 10, requests.contains(where: { !$0.isClosed }) {
      rounds += 1
      try pair.exchange()
      #expect(pair.server.openStreamCount <= 10)
      for served in application.handlers where !served.isClosed { served.stream?.respondOnly(okHeaders) }
      try pair.serverToClient()
    }
    #expect(rounds == 4)
    for request in requests { #expect(request.status == "200") }
  }
}
