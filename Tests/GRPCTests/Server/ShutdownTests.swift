import GRPC
import HTTP2
import NIOCore
import Testing

/// Graceful shutdown: calls in progress finish, new ones go elsewhere, and nothing is waited for longer than allowed.
@Suite(.timeLimit(.minutes(5))) struct ShutdownTests {
  @Test func callsInProgressFinish() async throws {
    let log = CallLog()
    let server = try await TestServer.start([TestMethod(.echo, log: log)])
    let client = try await server.connect()
    let call = try await client.open("/test.Echo/Call")
    call.send([1])
    _ = try await call.when { $0.messages.count == 1 }

    let shutdown = Task { await server.server.shutDownGracefully(timeout: .seconds(30)) }
    // Nobody new gets in.
    try await eventually {
      guard let other = try? await server.connect() else { return true }
      await other.close()
      return false
    }
    // The client has been told, so new calls are refused before they are sent or by the server.
    try await eventually {
      guard let late = try? await client.open("/test.Echo/Call") else { return true }
      late.send([3])
      late.halfClose()
      return try await late.ended().closedWith == [.refusedStream]
    }
    call.send([2])
    _ = try await call.when { $0.messages == [[1], [2]] }
    call.halfClose()
    #expect(try await call.ended().status == .ok)
    await shutdown.value
    #expect(server.server.connectionCount == 0)
    try await client.closed()
    #expect(log.entries.allSatisfy { $0.ended == 1 })
  }

  @Test func idleConnectionsCloseWithoutWaiting() async throws {
    let server = try await TestServer.start([TestMethod(.echo)])
    var clients: [GRPCTestClient] = []
    for _ in 0..<5 { clients.append(try await server.connect()) }
    try await eventually { server.server.connectionCount == 5 }
    // A minute is also what the test may take: it ends because the connections do.
    await server.server.shutDownGracefully(timeout: .minutes(10))
    #expect(server.server.connectionCount == 0)
    for client in clients { try await client.closed() }
  }

  @Test func callsThatGoOnForeverAreCut() async throws {
    let log = CallLog()
    let server = try await TestServer.start([TestMethod(.echo, log: log)])
    let client = try await server.connect()
    let call = try await client.open("/test.Echo/Call")
    call.send([1])
    _ = try await call.when { $0.messages.count == 1 }
    await server.server.shutDownGracefully(timeout: .milliseconds(200))
    let outcome = try await call.ended()
    #expect(outcome.status == nil)
    #expect(outcome.closedWith.count == 1)
    try await client.closed()
    try await eventually { server.server.connectionCount == 0 }
    expectEntries(log, 1) { $0.messages == 1 }
  }
}
