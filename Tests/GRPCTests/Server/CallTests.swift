import GRPC
import HTTP2
import Testing

/// Calls on one connection, without a socket.
@Suite struct CallTests {
  @Test(arguments: [0, 1, 16_384, 1 << 20])
  func echoesMessages(size: Int) throws {
    let log = CallLog()
    let connection = try InMemoryConnection([TestMethod(.echo, log: log)])
    let call = try connection.open()
    let messages = (0..<3).map { pattern(size, seed: $0) }
    for message in messages { call.send(message) }
    try connection.exchange()
    #expect(call.outcome.messages.count == 3)
    #expect(!call.outcome.hasEnded)
    call.halfClose()
    try connection.exchange()

    let outcome = call.outcome
    #expect(outcome.httpStatus == "200")
    #expect(outcome.headers["content-type"] == "application/grpc")
    #expect(outcome.messages.map(\.count) == messages.map(\.count))
    #expect(Digest(outcome.messages) == Digest(messages))
    #expect(outcome.trailers == ["grpc-status": "0"])
    #expect(outcome.closedWith == [.noError])
    expectEntries(log, 1) { $0.messages == 3 && $0.halfCloses == 1 }
  }

  @Test(arguments: [
    ("llama-epp.prod.svc:9002", "llama-epp.prod.svc:9002"),
    (String(repeating: "a", count: 600), nil),
  ])
  func callsKnowWhomTheyAreFor(authority: String, kept: String?) throws {
    let log = CallLog()
    let connection = try InMemoryConnection([TestMethod(.echo, log: log)])
    for authority in [authority, "b"] {
      let call = try connection.open(
        HeaderBlock([
          (":method", "POST"), (":scheme", "http"), (":path", "/test.Echo/Call"), (":authority", authority),
          ("content-type", "application/grpc"), ("te", "trailers"),
        ]))
      call.halfClose()
      try connection.exchange()
      #expect(call.outcome.status == .ok)
      if authority != "b" { #expect(log.lastAuthority == kept ?? String(authority.prefix(512))) }
    }
    // The object of the first call serves the second one.
    #expect(log.lastAuthority == "b")
  }

  @Test func callWithoutMessagesCompletes() throws {
    let log = CallLog()
    let connection = try InMemoryConnection([TestMethod(.echo, log: log)])
    let call = try connection.open()
    call.halfClose()
    try connection.exchange()
    #expect(call.outcome.status == .ok)
    #expect(call.outcome.messages.isEmpty)
    expectEntries(log, 1) { $0.halfCloses == 1 && $0.messages == 0 }
  }

  // MARK: Requests that are no calls

  @Test(arguments: ["/test.Echo/Other", "/test.Echo/Cal", "/test.Echo/Call2", "/"])
  func unknownMethod(path: String) throws {
    let log = CallLog()
    let connection = try InMemoryConnection([TestMethod(.echo, log: log)])
    let call = try connection.open(path: path)
    call.send(pattern(100_000))
    try connection.exchange()
    #expect(call.outcome.httpStatus == "200")
    #expect(call.outcome.status == .unimplemented)
    #expect(call.outcome.closedWith == [.noError])
    #expect(log.entries.isEmpty)
  }

  @Test(arguments: [nil, "application/json", "application/grp", "text/plain"])
  func wrongContentType(contentType: String?) throws {
    let connection = try InMemoryConnection([TestMethod(.echo)])
    let call = try connection.open(ClientCall.headers(path: "/test.Echo/Call", contentType: contentType))
    call.send([1])
    try connection.exchange()
    #expect(call.outcome.httpStatus == "415")
    #expect(call.outcome.status == nil)
    #expect(call.outcome.closedWith == [.noError])
  }

  @Test(arguments: ["application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"])
  func acceptedContentTypes(contentType: String) throws {
    let connection = try InMemoryConnection([TestMethod(.echo)])
    let call = try connection.open(ClientCall.headers(path: "/test.Echo/Call", contentType: contentType))
    call.send([1])
    call.halfClose()
    try connection.exchange()
    #expect(call.outcome.status == .ok)
    #expect(call.outcome.messages == [[1]])
  }

  @Test(arguments: ["GET", "PUT", "OPTIONS"])
  func wrongMethod(method: String) throws {
    let connection = try InMemoryConnection([TestMethod(.echo)])
    let call = try connection.open(ClientCall.headers(path: "/test.Echo/Call", method: method))
    call.halfClose()
    try connection.exchange()
    #expect(call.outcome.httpStatus == "405")
    #expect(call.outcome.headers["allow"] == "POST")
    #expect(call.outcome.closedWith == [.noError])
  }

  // MARK: Ends

  @Test func callThatFinishesEarly() throws {
    let log = CallLog()
    let connection = try InMemoryConnection([TestMethod(.finish(GRPCStatus(.invalidArgument, "no")), log: log)])
    let call = try connection.open()
    for _ in 0..<5 { call.send(pattern(50_000)) }
    try connection.exchange()
    #expect(call.outcome.status == .invalidArgument)
    #expect(call.outcome.statusMessage == "no")
    #expect(call.outcome.closedWith == [.noError])
    // Nothing more is delivered after the call finished.
    expectEntries(log, 1) { $0.messages == 1 && $0.halfCloses == 0 }
  }

  @Test func callThatFinishesBeforeAnyMessage() throws {
    let log = CallLog()
    let connection = try InMemoryConnection([TestMethod(.finishAtOnce(GRPCStatus(.unavailable, "later")), log: log)])
    let call = try connection.open()
    call.send([1])
    call.halfClose()
    try connection.exchange()
    #expect(call.outcome.status == .unavailable)
    #expect(call.outcome.httpStatus == "200")
    expectEntries(log, 1) { $0.messages == 0 && $0.halfCloses == 0 }
  }

  @Test(arguments: [1, 4, 5, 6, 104])
  func halfCloseInsideAMessage(sent: Int) throws {
    let log = CallLog()
    let connection = try InMemoryConnection([TestMethod(.echo, log: log)])
    let call = try connection.open()
    call.send([9])
    call.sendRaw(Array(framed(pattern(100))[..<sent]))
    call.halfClose()
    try connection.exchange()
    #expect(call.outcome.messages == [[9]])
    #expect(call.outcome.status == .internal)
    expectEntries(log, 1) { $0.messages == 1 && $0.halfCloses == 0 }
  }

  @Test func compressedMessage() throws {
    let log = CallLog()
    let connection = try InMemoryConnection([TestMethod(.echo, log: log)])
    let call = try connection.open()
    call.sendRaw(framed([9]) + framed([1, 2, 3], isCompressed: true))
    try connection.exchange()
    #expect(call.outcome.messages == [[9]])
    #expect(call.outcome.status == .unimplemented)
    expectEntries(log, 1) { $0.messages == 1 }
  }

  @Test func clientCancels() throws {
    let log = CallLog()
    let connection = try InMemoryConnection([TestMethod(.echo, log: log)])
    let call = try connection.open()
    call.send([1])
    call.sendRaw(Array(framed(pattern(100))[..<50]))
    try connection.exchange()
    call.reset()
    try connection.exchange()
    #expect(call.outcome.closedWith == [.cancel])
    expectEntries(log, 1) { $0.messages == 1 && $0.halfCloses == 0 && $0.wasReset }
    // The next call in the same memory.
    let next = try connection.open()
    next.halfClose()
    try connection.exchange()
    #expect(log.entries.map(\.wasReset) == [true, false])
  }

  @Test func connectionIsLost() throws {
    let log = CallLog()
    let connection = try InMemoryConnection([TestMethod(.echo, log: log)])
    for _ in 0..<30 { try connection.open().send([1]) }
    try connection.exchange()
    connection.disconnect()
    expectEntries(log, 30) { $0.messages == 1 && !$0.wasReset }
  }

  // MARK: Sending from outside a read

  @Test func asksForAFlushOnceUntilItHappens() throws {
    let connection = try InMemoryConnection([TestMethod(.echo)])
    var wanted = 0
    connection.server.onNeedsFlush = { wanted += 1 }
    let call = try connection.open()
    for _ in 0..<10 { call.send([1]) }
    try connection.exchange()
    #expect(wanted == 1)
    for _ in 0..<10 { call.send([1]) }
    try connection.exchange()
    #expect(wanted == 2)
  }

  // MARK: Objects used again

  private enum Kind: CaseIterable {
    case echo
    case cancelled
    case halfMessage
    case compressed
    case tooLarge
    case unknownMethod
    case wrongContentType
    case trailingJunk
  }

  /// Calls of every kind, one after the other and side by side: nothing of one call shows in another.
  @Test(arguments: [1, 2])
  func callsDoNotLeakIntoEachOther(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var configuration = GRPCServerConfiguration()
    configuration.maxMessageBytes = 100_000
    let log = CallLog()
    let connection = try InMemoryConnection([TestMethod(.echo, log: log)], configuration: configuration)
    connection.cuts = SeededGenerator(seed: seed)
    var started = 0
    for round in 0..<600 {
      var calls: [(Kind, ClientCall, [UInt8])] = []
      for number in 0..<Int.random(in: 1...12, using: &random) {
        let kind = Kind.allCases.randomElement(using: &random) ?? .echo
        let body = pattern(Int.random(in: 0...30_000, using: &random), seed: round + number)
        calls.append((kind, try start(kind, body, connection), body))
        started += kind == .unknownMethod || kind == .wrongContentType ? 0 : 1
      }
      try connection.exchange()
      for (kind, call, _) in calls where kind == .cancelled { call.reset() }
      try connection.exchange()
      for (kind, call, body) in calls { check(kind, call.outcome, body) }
    }
    expectEntries(log, started) { _ in true }
    #expect(connection.server.http2.openStreamCount == 0)
  }

  private func start(_ kind: Kind, _ body: [UInt8], _ connection: InMemoryConnection) throws -> ClientCall {
    switch kind {
    case .unknownMethod:
      let call = try connection.open(path: "/test.Echo/Other")
      call.send(body)
      return call
    case .wrongContentType:
      return try connection.open(ClientCall.headers(path: "/test.Echo/Call", contentType: "text/html"))
    default:
      break
    }
    let call = try connection.open()
    call.send(body)
    switch kind {
    case .echo: call.halfClose()
    case .halfMessage:
      call.sendRaw(Array(framed(pattern(20_000)).dropLast()))
      call.halfClose()
    case .cancelled: call.sendRaw(Array(framed(pattern(20_000)).dropLast()))
    case .compressed: call.sendRaw(framed(body, isCompressed: true))
    case .tooLarge: call.sendRaw(prefix(announcing: 100_001))
    case .trailingJunk: call.sendRaw([0, 0])
    case .unknownMethod, .wrongContentType: break
    }
    if kind == .trailingJunk { call.halfClose() }
    return call
  }

  private func check(_ kind: Kind, _ outcome: ClientCall.Outcome, _ body: [UInt8]) {
    #expect(outcome.closedWith == [kind == .cancelled ? .cancel : .noError])
    switch kind {
    case .unknownMethod:
      #expect(outcome.status == .unimplemented)
      #expect(outcome.messages.isEmpty)
      return
    case .wrongContentType:
      #expect(outcome.httpStatus == "415")
      return
    case .echo: #expect(outcome.status == .ok)
    case .halfMessage, .trailingJunk: #expect(outcome.status == .internal)
    case .compressed: #expect(outcome.status == .unimplemented)
    case .tooLarge: #expect(outcome.status == .resourceExhausted)
    case .cancelled: #expect(outcome.status == nil)
    }
    #expect(outcome.messages.count == 1)
    #expect(Digest(outcome.messages) == Digest(body))
  }
}

/// Every call ended exactly once, and fulfils the condition.
func expectEntries(
  _ log: CallLog, _ count: Int, sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: (CallLog.Entry) -> Bool
) {
  let entries = log.entries
  #expect(entries.count == count, sourceLocation: sourceLocation)
  #expect(entries.count { $0.ended != 1 } == 0, sourceLocation: sourceLocation)
  #expect(entries.count { $0.callsAfterEnd != 0 } == 0, sourceLocation: sourceLocation)
  #expect(entries.count { !condition($0) } == 0, sourceLocation: sourceLocation)
}
