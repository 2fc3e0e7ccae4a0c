import GRPC
import HTTP2
import NIOPosix
import NIOSSL
import Testing

/// The server on real sockets.
@Suite(.timeLimit(.minutes(5))) struct SocketTests {
  @Test func servesCallsSideBySide() async throws {
    let log = CallLog()
    let server = try await TestServer.start([TestMethod(.echo, log: log)])
    let client = try await server.connect()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<100 {
        group.addTask {
          let body = pattern(number * 5_000, seed: number)
          let outcome = try await client.unary("/test.Echo/Call", body)
          #expect(outcome.status == .ok)
          #expect(Digest(outcome.messages) == Digest(body))
        }
      }
      try await group.waitForAll()
    }
    expectEntries(log, 100) { $0.messages == 1 }
    #expect(server.server.connectionCount == 1)
    await client.close()
    try await eventually { server.server.connectionCount == 0 }
    await server.stop()
  }

  @Test func movesLargeMessages() async throws {
    let server = try await TestServer.start([TestMethod(.echo)])
    let client = try await server.connect()
    let body = pattern(20 << 20)
    let outcome = try await client.unary("/test.Echo/Call", body)
    #expect(outcome.messages.count == 1)
    #expect(Digest(outcome.messages) == Digest(body))
    await client.close()
    await server.stop()
  }

  /// Messages go back and forth while the call stays open.
  @Test func answersWhileTheCallIsOpen() async throws {
    let server = try await TestServer.start([TestMethod(.echo)])
    let client = try await server.connect()
    let call = try await client.open("/test.Echo/Call")
    for number in 1...50 {
      call.send(pattern(number))
      let outcome = try await call.when { $0.messages.count == number }
      #expect(outcome.messages.last == pattern(number))
    }
    call.halfClose()
    #expect(try await call.ended().status == .ok)
    await client.close()
    await server.stop()
  }

  @Test func lostConnectionEndsItsCalls() async throws {
    let log = CallLog()
    let server = try await TestServer.start([TestMethod(.echo, log: log)])
    let client = try await server.connect()
    for _ in 0..<20 {
      let call = try await client.open("/test.Echo/Call")
      call.send([1])
      _ = try await call.when { $0.messages == [[1]] }
    }
    await client.close()
    try await eventually { log.entries.allSatisfy { $0.ended == 1 } }
    expectEntries(log, 20) { $0.messages == 1 && $0.halfCloses == 0 }
    try await eventually { server.server.connectionCount == 0 }
    await server.stop()
  }

  @Test func boundPortIsReported() async throws {
    let server = try await TestServer.start([])
    let port = try #require(server.address.port)
    await #expect(throws: (any Error).self) {
      let second = try await TestServer.start([])
      defer { Task { await second.stop() } }
      try await second.server.listen(host: "127.0.0.1", port: port, group: MultiThreadedEventLoopGroup.singleton)
    }
    await server.stop()
  }

  // MARK: Status messages

  @Test(arguments: [
    ("plain text", "plain text"), ("100%", "100%25"), ("line\nbreak", "line%0Abreak"), ("é", "%C3%A9"),
    ("a\u{0}b\u{7F}", "a%00b%7F"), ("~!\"#$&'()*+,-./:;<=>?@[]^_`{|}", "~!\"#$&'()*+,-./:;<=>?@[]^_`{|}"),
  ])
  func statusMessagesArePercentEncoded(message: String, encoded: String) async throws {
    let server = try await TestServer.start([TestMethod(.finish(GRPCStatus(.invalidArgument, message)))])
    let client = try await server.connect()
    let outcome = try await client.unary("/test.Echo/Call", [1])
    #expect(outcome.status == .invalidArgument)
    #expect(outcome.statusMessage == encoded)
    await client.close()
    await server.stop()
  }

  @Test func statusMessagesAreCut() async throws {
    let long = String(repeating: "x", count: 1 << 20)
    let server = try await TestServer.start([TestMethod(.finish(GRPCStatus(.unknown, long)))])
    let client = try await server.connect()
    let outcome = try await client.unary("/test.Echo/Call", [1])
    #expect(outcome.status == .unknown)
    #expect(outcome.statusMessage?.count == 1_024)
    await client.close()
    await server.stop()
  }

  // MARK: TLS

  private static func clientContext(protocols: [String] = ["h2"]) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .none
    configuration.applicationProtocols = protocols
    return try NIOSSLContext(configuration: configuration)
  }

  @Test func servesTLSWithACertificateOfItsOwn() async throws {
    let server = try await TestServer.start([TestMethod(.echo)], tls: try ServerTLS.selfSigned())
    let client = try await server.connect(tls: try Self.clientContext())
    let body = pattern(3 << 20)
    let outcome = try await client.unary("/test.Echo/Call", body)
    #expect(outcome.status == .ok)
    #expect(Digest(outcome.messages) == Digest(body))
    #expect(try await client.negotiatedProtocol == "h2")
    await client.close()
    await server.stop()
  }

  @Test func plainTextToATLSPortIsClosed() async throws {
    let server = try await TestServer.start([TestMethod(.echo)], tls: try ServerTLS.selfSigned())
    let client = try await server.connect()
    try await client.closed()
    try await eventually { server.server.connectionCount == 0 }
    await server.stop()
  }
}
