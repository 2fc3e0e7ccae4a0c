import ServiceLifecycle

/// A service that describes itself by its type alone. The group writes descriptions of services to the log, and what
/// services hold, such as credentials, is nobody's business there.
struct NamedService: Service, CustomStringConvertible {
  private let service: any Service

  init(_ service: any Service) {
    self.service = service
  }

  var description: String { "\(type(of: service))" }

  func run() async throws { try await service.run() }
}
