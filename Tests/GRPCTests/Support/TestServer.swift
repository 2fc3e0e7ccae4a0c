import GRPC
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Testing

/// A server on a free port of this machine.
struct TestServer {
  let server: GRPCServer
  let address: SocketAddress

  static func start(
    _ methods: [any GRPCMethod], configuration: GRPCServerConfiguration = GRPCServerConfiguration(),
    tls: NIOSSLContext? = nil
  ) async throws -> TestServer {
    var context: (@Sendable () -> NIOSSLContext)?
    if let tls { context = { tls } }
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let server = GRPCServer(methods: methods, configuration: configuration, tls: context, logger: logger)
    let address = try await server.listen(host: "127.0.0.1", port: 0, group: MultiThreadedEventLoopGroup.singleton)
    return TestServer(server: server, address: try #require(address))
  }

  func connect(tls: NIOSSLContext? = nil) async throws -> GRPCTestClient {
    try await GRPCTestClient.connect(to: address, tls: tls)
  }

  /// Ends the server at once.
  func stop() async { await server.shutDownGracefully(timeout: .zero) }
}

/// Waits until the condition holds, at most ten seconds.
func eventually(
  _ condition: () async throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let deadline = ContinuousClock.now + .seconds(10)
  while true {
    if try await condition() { return }
    guard ContinuousClock.now < deadline else {
      Issue.record("the condition never held", sourceLocation: sourceLocation)
      return
    }
    try await Task.sleep(for: .milliseconds(5))
  }
}
