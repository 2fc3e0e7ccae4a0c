import ByteStorage
import HTTP2
import Testing

/// Requests and answers travel whole, whatever their size and however the bytes are cut.
@Suite struct ExchangeTests {
  static let sizes = [0, 1, 16_383, 16_384, 16_385, 1 << 20, 20 << 20]

  @Test(arguments: sizes)
  func echoesBody(size: Int) throws {
    let pair = try SessionPair()
    let body = pattern(size)
    let request = try pair.request(body)
    try pair.exchange()

    let served = try #require(pair.application.handlers.first)
    #expect(served.value(":path", block: 0) == "/test")
    #expect(Digest(served.body) == Digest(body))
    #expect(served.endCount == 1)
    #expect(request.status == "200")
    #expect(Digest(request.body) == Digest(body))
    #expect(request.endCount == 1)
    expectClosedOnce(request, .noError)
    expectClosedOnce(served, .noError)
    #expect(pair.client.openStreamCount == 0)
    #expect(pair.server.openStreamCount == 0)
  }

  /// Envoy takes the name of its cluster for the authority, and Istio's have bars in them.
  @Test(arguments: ["outbound|9002||epp.default.svc.cluster.local", "epp_cluster", "a b", "[::1]:9002", ""])
  func takesAnyAuthority(authority: String) throws {
    let pair = try SessionPair()
    let request = try pair.open(
      HeaderBlock([(":method", "POST"), (":scheme", "http"), (":path", "/test"), (":authority", authority)]))
    request.stream?.finish(trailers: nil)
    try pair.exchange()
    #expect(request.status == "200")
    #expect(pair.application.handlers.first?.value(":authority", block: 0) == authority)
    expectClosedOnce(request, .noError)
  }

  /// The smallest region that takes a DATA frame, an awkward one and a large one, with random cuts on the receiving
  /// side, and peers that accept larger frames than regions are.
  @Test(arguments: [16_393, 17 << 10, 1 << 20], [UInt32(16_384), 1 << 20])
  func echoesThroughAnyRegion(region: Int, maxFrameSize: UInt32) throws {
    var settings = HTTP2Settings()
    settings.maxFrameSize = maxFrameSize
    let pair = try SessionPair(client: settings, server: settings)
    pair.region = region
    pair.cuts = SeededGenerator(seed: UInt64(region))
    pair.longestCut = 9_000
    let bodies = [0, 1, 300, 16_384, 700_001].map { pattern($0, seed: $0) }
    let requests = try bodies.map { try pair.request($0) }
    try pair.exchange()
    for (request, body) in zip(requests, bodies) {
      #expect(Digest(request.body) == Digest(body))
      expectClosedOnce(request, .noError)
    }
  }

  @Test func acceptsBytesOneByOne() throws {
    let pair = try SessionPair()
    pair.cuts = SeededGenerator(seed: 1)
    pair.longestCut = 1
    let request = try pair.request(pattern(2_000), trailers: HeaderBlock([("checksum", "17")]))
    try pair.exchange()
    #expect(Digest(request.body) == Digest(pattern(2_000)))
    #expect(pair.application.handlers.first?.value("checksum", block: 1) == "17")
  }

  /// Pieces of blocks go out in order with copied bytes around them.
  @Test func sendsBlocksWithoutCopyInOrder() throws {
    let block = ByteBlock()
    pattern(200_000, seed: 1).withUnsafeBytes { block.append($0) }
    let application = RecordingApplication()
    application.onStream = { handler in
      handler.onEnd = { handler in
        handler.stream?.respond(okHeaders)
        handler.stream?.write(pattern(10, seed: 2))
        handler.stream?.write(block, 50..<70_000)
        handler.stream?.write(block, 9..<9)
        handler.stream?.write(length: 3) { pointer in
          for offset in 0..<3 { pointer.storeBytes(of: 0xAA, toByteOffset: offset, as: UInt8.self) }
        }
        handler.stream?.write(block, 70_000..<200_000)
        handler.stream?.finish()
      }
    }
    let pair = try SessionPair(application)
    pair.region = 17 << 10
    let request = try pair.request([])
    try pair.exchange()
    let content = pattern(200_000, seed: 1)
    #expect(
      Digest(request.body)
        == Digest(pattern(10, seed: 2) + content[50..<70_000] + [0xAA, 0xAA, 0xAA] + content[70_000...]))
    #expect(pair.application.handlers.first?.drainedCount ?? 0 > 0)
  }

  @Test(arguments: [0, 1, 100_000])
  func carriesTrailersBothWays(size: Int) throws {
    let application = RecordingApplication()
    application.onStream = { handler in
      handler.onEnd = { handler in
        handler.stream?.respond(okHeaders)
        handler.stream?.write(handler.body)
        handler.stream?.finish(trailers: HeaderBlock([("grpc-status", "0"), ("grpc-message", "fine")]))
      }
    }
    let pair = try SessionPair(application)
    let request = try pair.request(pattern(size), trailers: HeaderBlock([("checksum", "abc")]))
    try pair.exchange()
    let served = try #require(application.handlers.first)
    #expect(served.blocks.count == 2)
    #expect(served.value("checksum", block: 1) == "abc")
    #expect(served.endCount == 1)
    #expect(Digest(request.body) == Digest(pattern(size)))
    #expect(request.blocks.count == 2)
    #expect(request.value("grpc-status", block: 1) == "0")
    #expect(request.value("grpc-message", block: 1) == "fine")
    #expect(request.endCount == 1)
    expectClosedOnce(request, .noError)
    expectClosedOnce(served, .noError)
  }

  @Test func answersWithHeadersAlone() throws {
    let pair = try SessionPair(.headersOnly())
    let request = try pair.request([])
    try pair.exchange()
    #expect(request.status == "200")
    #expect(request.body.isEmpty)
    #expect(request.endCount == 1)
    expectClosedOnce(request, .noError)
  }

  /// Output written in several turns, also after the queue ran dry.
  @Test func goesOnAfterTheQueueRanDry() throws {
    let application = RecordingApplication()
    application.onStream = { handler in
      handler.onHeaders = { $0.stream?.respond(okHeaders) }
    }
    let pair = try SessionPair(application)
    let request = try pair.open()
    try pair.exchange()
    let served = try #require(application.handlers.first)
    for turn in 0..<5 {
      served.stream?.write(pattern(1_000, seed: turn))
      try pair.exchange()
      #expect(request.body.count == 1_000 * (turn + 1))
      request.stream?.write(pattern(500, seed: turn))
      try pair.exchange()
      #expect(served.body.count == 500 * (turn + 1))
    }
    #expect(served.drainedCount >= 5)
    request.stream?.finish()
    served.stream?.finish()
    try pair.exchange()
    expectClosedOnce(request, .noError)
    expectClosedOnce(served, .noError)
  }

  @Test func servesManyStreamsAtOnce() throws {
    let pair = try SessionPair()
    pair.cuts = SeededGenerator(seed: 5)
    pair.region = 20_000
    let requests = try (0..<2_000).map { try pair.request(pattern($0 % 700, seed: $0)) }
    try pair.exchange()
    for (index, request) in requests.enumerated() {
      #expect(Digest(request.body) == Digest(pattern(index % 700, seed: index)))
      expectClosedOnce(request, .noError)
    }
    #expect(pair.server.openedStreams == 2_000)
    #expect(pair.server.openStreamCount == 0)
  }
}

func expectClosedOnce(
  _ handler: RecordingHandler, _ code: HTTP2ErrorCode? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(handler.closedWith.count == 1, sourceLocation: sourceLocation)
  #expect(handler.callsAfterClose == 0, sourceLocation: sourceLocation)
  if let code { #expect(handler.closedWith.first == code, sourceLocation: sourceLocation) }
}
