/// Says who may read what the admin server shows.
public protocol MetricsAuthorizer: Sendable {
  /// Decides about one request.
  ///
  /// - Parameters:
  ///   - token: the bearer token of the request's `authorization` header; nil without one.
  ///   - method: the HTTP method in lower case, such as `get`.
  ///   - path: the path without its query.
  func authorize(token: String?, method: String, path: String) async -> MetricsAuthorization
}

/// What a ``MetricsAuthorizer`` says.
public enum MetricsAuthorization: Sendable, Hashable {
  /// Go ahead.
  case allowed
  /// Nobody known asks: 401.
  case unauthenticated
  /// Somebody known who may not: 403.
  case forbidden
  /// It could not be found out: 500.
  case failed(String)
}
