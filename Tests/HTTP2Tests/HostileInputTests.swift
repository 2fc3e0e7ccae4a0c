import HTTP2
import Testing

/// Bytes that no honest peer sends: an error or the end of the connection, never a crash, and every handler still
/// hears that its stream is gone.
@Suite struct HostileInputTests {
  @Test func noise() throws {
    var random = SeededGenerator(seed: 11)
    for length in [1, 9, 23, 24, 25, 100, 5_000] {
      let application = RecordingApplication.echo()
      let server = try HTTP2Session(role: .server, application: application)
      let bytes = (0..<max(length, 24)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let error = #expect(throws: HTTP2Error.self) {
        try bytes.withUnsafeBytes { try server.feed($0) }
      }
      #expect(error?.description.contains("HTTP/2 receive") == true)
      server.disconnected()
      #expect(application.handlers.isEmpty)
    }
  }

  @Test func anotherProtocol() throws {
    let server = try HTTP2Session(role: .server, application: nil)
    #expect(throws: HTTP2Error.self) {
      try Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8).withUnsafeBytes { try server.feed($0) }
    }
  }

  /// Mutations of an honest conversation: flipped bits, cut, doubled and missing parts.
  @Test(arguments: 0..<8)
  func mutatedConversations(part: Int) throws {
    let honest = try conversation()
    var random = SeededGenerator(seed: UInt64(part))
    for _ in 0..<250 {
      let application = RecordingApplication.echo()
      let server = try HTTP2Session(role: .server, application: application)
      var region = [UInt8](repeating: 0, count: 64 << 10)
      do {
        try mutate(honest, using: &random).withUnsafeBytes { try server.feed($0) }
        var turns = 0
        while try region.withUnsafeMutableBytes({ try server.drain(into: $0) }) > 0, turns < 1_000 { turns += 1 }
        #expect(turns < 1_000)
      } catch {
        #expect(error is HTTP2Error)
      }
      server.disconnected()
      #expect(server.openStreamCount == 0)
      for handler in application.handlers { expectClosedOnce(handler) }
    }
  }

  /// Any beginning of an honest conversation leaves the server waiting, not failing.
  @Test func truncatedConversations() throws {
    let honest = try conversation()
    for length in stride(from: 1, through: honest.count, by: 7) {
      let application = RecordingApplication.echo()
      let server = try HTTP2Session(role: .server, application: application)
      try honest[..<length].withUnsafeBytes { try server.feed($0) }
      #expect(!server.isFinished)
      server.disconnected()
      for handler in application.handlers { expectClosedOnce(handler) }
    }
  }

  /// What a client sends in a conversation with bodies, trailers, a reset and window updates.
  private func conversation() throws -> [UInt8] {
    let pair = try SessionPair()
    var sent: [UInt8] = []
    func exchange() throws {
      while true {
        let bytes = try pair.drain(pair.client)
        sent += bytes
        try pair.feed(bytes, to: pair.server)
        guard try pair.serverToClient() || !bytes.isEmpty else { return }
      }
    }
    _ = try pair.request(pattern(700), trailers: HeaderBlock([("checksum", "1")]))
    let reset = try pair.open()
    reset.stream?.write(pattern(40))
    try exchange()
    reset.stream?.reset(.cancel)
    _ = try pair.request(pattern(20_000))
    _ = try pair.request([])
    try exchange()
    return sent
  }

  private func mutate(_ bytes: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
    var result = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      // The 24 bytes of the preface are checked by other tests; changing them ends every attempt at once.
      let position = Int.random(in: 24..<result.count - 1, using: &random)
      let length = Int.random(in: 1...min(40, result.count - position), using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: result[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: result[position] = UInt8.random(in: 0...255, using: &random)
      case 2: result.removeSubrange(position..<(position + length))
      case 3: result.insert(contentsOf: result[position..<(position + length)], at: position)
      default: result.removeLast(min(length, result.count - 100))
      }
    }
    return result
  }
}
