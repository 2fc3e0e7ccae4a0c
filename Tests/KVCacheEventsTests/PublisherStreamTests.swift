import KVCacheEvents
import Testing

@Suite struct PublisherStreamTests {
  private let greeting: [UInt8] =
    [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1] + Array("NULL".utf8) + Array(repeating: 0, count: 48)

  private func ready(_ type: String) -> [UInt8] {
    let body = [5] + Array("READY".utf8) + [11] + Array("Socket-Type".utf8) + [0, 0, 0, UInt8(type.utf8.count)]
    return [0x04, UInt8(body.count + type.utf8.count)] + body + Array(type.utf8)
  }

  @Test func greetsAndSubscribes() throws {
    var stream = PublisherStream(topic: "kv@")
    let sent = stream.takeOutput()
    #expect(sent.count == 64)
    #expect(Array(sent[9..<16]) == [0x7F, 3, 1] + Array("NULL".utf8))
    #expect(try stream.receive(greeting).isEmpty)
    #expect(stream.takeOutput() == ready("SUB"))
    #expect(try stream.receive(ready("XPUB")).isEmpty)
    #expect(stream.takeOutput() == [0, 4, 1] + Array("kv@".utf8))
    #expect(stream.takeOutput().isEmpty)
  }

  @Test func anyCutGivesTheSameMessages() throws {
    let long = Array(repeating: UInt8(7), count: 300)
    let bytes =
      greeting + ready("PUB") + [1, 2, 0x6B, 0x76] + [3, 0, 0, 0, 0, 0, 0, 1, 44] + long + [0, 0] + [0, 1, 9]
    for size in [1, 2, 7, 63, 64, 65, bytes.count] {
      var stream = PublisherStream(topic: "")
      var messages: [[[UInt8]]] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        messages += try stream.receive(bytes[start..<min(start + size, bytes.count)])
      }
      #expect(messages == [[[0x6B, 0x76], long, []], [[9]]])
    }
  }

  @Test func asksForLostMessages() throws {
    var stream = PublisherStream(replayFrom: 0x0102)
    _ = stream.takeOutput()
    _ = try stream.receive(greeting)
    #expect(stream.takeOutput() == ready("DEALER"))
    #expect(try stream.receive(ready("ROUTER") + [1, 0, 0, 1, 9]) == [[[], [9]]])
    #expect(stream.takeOutput() == [1, 0] + [0, 8, 0, 0, 0, 0, 0, 0, 1, 2])
    var other = PublisherStream(replayFrom: 0)
    _ = try other.receive(greeting)
    #expect(throws: PublisherStream.Failure.handshake) { try other.receive(ready("PUB")) }
  }

  @Test func answersPings() throws {
    var stream = PublisherStream(topic: "")
    _ = try stream.receive(greeting + ready("PUB"))
    _ = stream.takeOutput()
    _ = try stream.receive([4, 9, 4] + Array("PING".utf8) + [0, 10, 1, 2])
    #expect(stream.takeOutput() == [4, 7, 4] + Array("PONG".utf8) + [1, 2])
  }

  @Test func refusesWhoIsNoPublisher() {
    func failure(_ bytes: [UInt8], limit: Int = 100) -> PublisherStream.Failure? {
      var stream = PublisherStream(topic: "", maximumMessageBytes: limit)
      do throws(PublisherStream.Failure) {
        _ = try stream.receive(bytes)
        return nil
      } catch {
        return error
      }
    }
    var plain = greeting
    plain.replaceSubrange(12..<17, with: Array("PLAIN".utf8))
    #expect(failure(Array("GET / HTTP/1.1\r\n".utf8)) == .greeting)
    #expect(failure([0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 1]) == .greeting)
    #expect(failure(plain) == .mechanism)
    #expect(failure(greeting + ready("PUSH")) == .handshake)
    #expect(failure(greeting + [0, 1, 9]) == .handshake)
    #expect(failure(greeting + [0x08]) == .frame)
    #expect(failure(greeting + [0x04, 0]) == .frame)
    #expect(failure(greeting + ready("PUB") + [2, 0xFF, 0, 0, 0, 0, 0, 0, 0]) == .size)
    #expect(failure(greeting + ready("PUB") + [1, 60] + Array(repeating: 0, count: 60) + [0, 60]) == .size)
    #expect(failure(greeting + ready("PUB") + Array(repeating: [1, 0], count: 17).flatMap { $0 }) == .size)
  }
}
