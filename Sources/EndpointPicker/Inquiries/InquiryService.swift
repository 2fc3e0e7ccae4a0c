import AsyncHTTPClient
import NIOCore
import ServiceLifecycle

/// The HTTP client of all event loops for inquiries, open for as long as requests are served.
struct InquiryService: Service {
  let client: HTTPClient

  init(group: any EventLoopGroup) {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    // A process that is not there is known at once; requests go on without it.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
    client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
  }

  func run() async throws {
    try? await gracefulShutdown()
    try await client.shutdown()
  }
}
