import GRPC
import HTTP2
import NIOPosix

/// A server connection and a client session joined in memory.
final class InMemoryConnection {
  let client: HTTP2Session
  let server: GRPCServerConnection
  let total: BufferBudget.Total
  /// Cuts what the server is fed into pieces of random length; nil feeds everything at once.
  var cuts: SeededGenerator?
  private var region = [UInt8](repeating: 0, count: 64 << 10)

  init(
    _ methods: [any GRPCMethod], configuration: GRPCServerConfiguration = GRPCServerConfiguration(),
    total: BufferBudget.Total? = nil
  ) throws {
    let total = total ?? BufferBudget.Total(limit: configuration.maxBufferedBytes)
    self.total = total
    server = try GRPCServerConnection(
      methods: methods, configuration: configuration, totalBudget: total,
      // Nothing runs on it: calls only get to see it.
      eventLoop: MultiThreadedEventLoopGroup.singleton.any())
    client = try HTTP2Session(role: .client, application: nil)
    // Requests are queued whole; see the high-water mark of sessions.
    client.outputHighWater = .max
  }

  func open(_ headers: HeaderBlock) throws -> ClientCall {
    let call = ClientCall()
    guard let stream = client.open(headers, handler: call) else { throw CannotOpen() }
    call.stream = stream
    return call
  }

  func open(path: String = "/test.Echo/Call") throws -> ClientCall { try open(ClientCall.headers(path: path)) }

  /// Moves bytes in both directions until neither side has any.
  func exchange() throws {
    while true {
      let requests = try drain(client)
      try feed(requests)
      server.willFlush()
      let answers = try drain(server.http2)
      try answers.withUnsafeBytes { try client.feed($0) }
      guard !requests.isEmpty || !answers.isEmpty else { return }
    }
  }

  /// The socket is gone.
  func disconnect() {
    client.disconnected()
    server.http2.disconnected()
  }

  private func feed(_ bytes: [UInt8]) throws {
    var start = 0
    while start < bytes.count {
      let length = min(nextCut() ?? bytes.count, bytes.count - start)
      try bytes[start..<(start + length)].withUnsafeBytes { try server.http2.feed($0) }
      start += length
    }
  }

  private func nextCut() -> Int? {
    guard var generator = cuts else { return nil }
    defer { cuts = generator }
    return Int.random(in: 1...20_000, using: &generator)
  }

  private func drain(_ session: HTTP2Session) throws -> [UInt8] {
    var result: [UInt8] = []
    repeat {
      let length = try region.withUnsafeMutableBytes { try session.drain(into: $0) }
      result.append(contentsOf: region[..<length])
    } while session.hasMoreOutput
    return result
  }

  struct CannotOpen: Error {}
}
