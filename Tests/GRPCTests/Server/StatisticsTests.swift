import GRPC
import Testing

/// What a server counts of its connections.
@Suite(.timeLimit(.minutes(5))) struct StatisticsTests {
  @Test func countsStreamsBytesAndConnections() async throws {
    let server = try await TestServer.start([TestMethod(.echo)])
    let client = try await server.connect()
    for _ in 0..<3 { _ = try await client.unary("/test.Echo/Call", pattern(10_000)) }
    try await eventually { server.server.statistics.streamsClosed == 3 }
    let during = server.server.statistics
    #expect(during.connections == 1)
    #expect(during.streamsOpened == 3)
    #expect(during.unfinishedResets == 0)
    #expect(during.bytesReceived > 30_000 && during.bytesReceived < 40_000)
    #expect(during.bytesSent > 30_000 && during.bytesSent < 40_000)
    await client.close()
    try await eventually { server.server.connectionCount == 0 }
    let after = server.server.statistics
    #expect(after.streamsOpened == 3 && after.connections == 1, "closed connections stay counted")
    #expect(after.bytesReceived >= during.bytesReceived)
    await server.stop()
  }

  @Test func streamsThatAreGivenUpAreResets() async throws {
    let server = try await TestServer.start([TestMethod(.echo)])
    let client = try await server.connect()
    let call = try await client.open("/test.Echo/Call")
    call.send([1])
    _ = try await call.when { $0.messages == [[1]] }
    #expect(server.server.statistics.streamsOpened == 1)
    #expect(server.server.statistics.streamsClosed == 0)
    call.cancel()
    try await eventually { server.server.statistics.streamsClosed == 1 }
    #expect(server.server.statistics.unfinishedResets == 1)
    #expect(server.server.statistics.finishedResets == 0)
    await client.close()
    await server.stop()
  }
}
