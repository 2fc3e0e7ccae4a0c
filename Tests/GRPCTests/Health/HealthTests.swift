import CEnvoyProtos
import GRPC
import NIOCore
import Testing

/// `grpc.health.v1.Health` on a socket, as probes and gateways use it.
@Suite(.timeLimit(.minutes(5))) struct HealthTests {
  private static let check = "/grpc.health.v1.Health/Check"
  private static let watch = "/grpc.health.v1.Health/Watch"
  private static let list = "/grpc.health.v1.Health/List"
  private static let extProc = "envoy.service.ext_proc.v3.ExternalProcessor"

  private func request(_ service: String) -> [UInt8] {
    var message = Grpc__Health__V1__HealthCheckRequest()
    grpc__health__v1__health_check_request__init(&message)
    var name = Array(service.utf8CString)
    return name.withUnsafeMutableBufferPointer { name in
      message.service = name.baseAddress
      var bytes = [UInt8](repeating: 0, count: grpc__health__v1__health_check_request__get_packed_size(&message))
      _ = grpc__health__v1__health_check_request__pack(&message, &bytes)
      return bytes
    }
  }

  private func serving(_ message: [UInt8]) throws -> HealthStatus.Serving {
    let response = try #require(grpc__health__v1__health_check_response__unpack(nil, message.count, message))
    defer { grpc__health__v1__health_check_response__free_unpacked(response, nil) }
    return try #require(HealthStatus.Serving(rawValue: response.pointee.status))
  }

  private func withServer(
    _ body: (HealthStatus, GRPCTestClient, TestServer) async throws -> Void
  ) async throws {
    let status = HealthStatus()
    let server = try await TestServer.start(HealthMethods.all(status))
    let client = try await server.connect()
    try await body(status, client, server)
    await client.close()
    await server.stop()
  }

  @Test func checkFollowsReadiness() async throws {
    try await withServer { status, client, _ in
      for isReady in [false, true, false] {
        status.setReady(isReady)
        for service in ["", "readiness", Self.extProc, "inference-extension"] {
          let outcome = try await client.unary(Self.check, request(service))
          #expect(outcome.status == .ok)
          #expect(try serving(try #require(outcome.messages.first)) == (isReady ? .serving : .notServing))
        }
        let liveness = try await client.unary(Self.check, request("liveness"))
        #expect(try serving(try #require(liveness.messages.first)) == .serving)
      }
    }
  }

  @Test func partsHaveAHealthOfTheirOwn() {
    let status = HealthStatus(answersOnlyListedNames: true)
    status.setReady(true)
    status.setPart("gold", true)
    status.setPart("lead", false)
    // The protocol's names mean what they always do.
    status.setPart("liveness", false)
    #expect(
      ["gold", "lead", "tin", "liveness"].map(status.status) == [.serving, .notServing, .serviceUnknown, .serving])
    status.setReady(false)
    #expect(status.status(of: "gold") == .notServing)
    status.setReady(true)
    status.setPart("gold", nil)
    #expect(status.status(of: "gold") == .serviceUnknown)
    status.startDraining()
    #expect(status.status(of: "") == .notServing)
  }

  /// Probes need not close their side first.
  @Test func checkAnswersBeforeTheClientEnds() async throws {
    try await withServer { _, client, _ in
      let call = try await client.open(Self.check)
      call.send(request(""))
      let outcome = try await call.ended()
      #expect(outcome.status == .ok)
      #expect(outcome.messages.count == 1)
    }
  }

  @Test func watchTellsEveryChange() async throws {
    try await withServer { status, client, _ in
      let readiness = try await client.open(Self.watch)
      readiness.send(request("readiness"))
      readiness.halfClose()
      let liveness = try await client.open(Self.watch)
      liveness.send(request("liveness"))
      _ = try await readiness.when { $0.messages.count == 1 }
      _ = try await liveness.when { $0.messages.count == 1 }
      for (index, isReady) in [true, false, true].enumerated() {
        // Setting it to what it is tells nobody anything.
        status.setReady(!isReady)
        status.setReady(isReady)
        status.setReady(isReady)
        _ = try await readiness.when { $0.messages.count == index + 2 }
      }
      let told = try await readiness.when { _ in true }.messages.map { try serving($0) }
      #expect(told == [.notServing, .serving, .notServing, .serving])
      #expect(try await liveness.when { _ in true }.messages.map { try serving($0) } == [.serving])
      readiness.cancel()
      #expect(try await readiness.ended().closedWith == [.cancel])
      status.setReady(false)
      // The connection still serves.
      #expect(try await client.unary(Self.check, request("")).status == .ok)
    }
  }

  @Test func changesAfterWatchersLeftAreHarmless() async throws {
    try await withServer { status, client, server in
      for _ in 0..<20 {
        let other = try await server.connect()
        let call = try await other.open(Self.watch)
        call.send(request(""))
        _ = try await call.when { $0.messages.count == 1 }
        Task { await other.close() }
        for _ in 0..<10 { status.setReady(!status.isReady) }
      }
      try await eventually { server.server.connectionCount == 1 }
      #expect(try await client.unary(Self.check, request("")).status == .ok)
    }
  }

  @Test func listNamesTheServices() async throws {
    try await withServer { status, client, _ in
      status.setReady(false)
      let outcome = try await client.unary(Self.list, [])
      #expect(outcome.status == .ok)
      let message = try #require(outcome.messages.first)
      let response = try #require(grpc__health__v1__health_list_response__unpack(nil, message.count, message))
      defer { grpc__health__v1__health_list_response__free_unpacked(response, nil) }
      var listed: [String: UInt32] = [:]
      for index in 0..<response.pointee.n_statuses {
        let entry = try #require(response.pointee.statuses[index])
        listed[String(cString: entry.pointee.key)] = entry.pointee.value?.pointee.status
      }
      #expect(listed == ["": 2, "liveness": 1, "readiness": 2, Self.extProc: 2])
    }
  }

  @Test func badRequests() async throws {
    try await withServer { _, client, _ in
      let malformed = try await client.unary(Self.check, [0x0A, 200, 1])
      #expect(malformed.status == .invalidArgument)
      #expect(malformed.messages.isEmpty)

      let none = try await client.open(Self.check)
      none.halfClose()
      #expect(try await none.ended().status == .invalidArgument)

      let two = try await client.open(Self.watch)
      two.send(request(""))
      two.send(request(""))
      #expect(try await two.ended().status == .invalidArgument)

      #expect(try await client.unary("/grpc.health.v1.Health/Other", []).status == .unimplemented)
    }
  }
}
