import Hummingbird
import Logging

/// Answers 401 and 403 to those who may not read.
package struct AuthorizationMiddleware<Context: RequestContext>: RouterMiddleware {
  private let authorizer: any MetricsAuthorizer
  private let logger: Logger

  package init(authorizer: any MetricsAuthorizer, logger: Logger) {
    self.authorizer = authorizer
    self.logger = logger
  }

  package func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    let authorization = await authorizer.authorize(
      token: Self.bearerToken(request.headers[.authorization]), method: request.method.rawValue.lowercased(),
      path: request.uri.path)
    switch authorization {
    case .allowed:
      return try await next(request, context)
    case .unauthenticated:
      return Response(status: .unauthorized, headers: [.wwwAuthenticate: "Bearer"])
    case .forbidden:
      return Response(status: .forbidden)
    case .failed(let reason):
      logger.warning("metrics authorization failed", metadata: ["error": "\(reason)"])
      return Response(status: .internalServerError)
    }
  }

  static func bearerToken(_ header: String?) -> String? {
    guard let header, header.utf8.count > 7, header.prefix(7).lowercased() == "bearer " else { return nil }
    let token = header.dropFirst(7).drop { $0 == " " }
    return token.isEmpty ? nil : String(token)
  }
}
