/// Which of several pools a proxy means, by the Service that it reaches the picker by. Immutable.
package struct PoolRoutes<Target: Sendable>: Sendable {
  /// The Service that a pool names as its endpoint picker.
  package struct Reference: Sendable, Hashable {
    /// Name of the Service.
    package let service: String
    /// Its port.
    package let port: Int

    /// Port of references that name none (Endpoint Picker reference behaviour, InferencePool).
    package static var defaultPort: Int { 9_002 }

    package init(service: String, port: Int?) {
      self.service = service
      self.port = port ?? Self.defaultPort
    }
  }

  /// What an authority leads to.
  package enum Choice {
    case one(Target)
    /// No pool names the Service, or it is no Service of the namespace.
    case none
    /// Several pools name it, and the port does not tell which is meant.
    case several
  }

  private struct Route {
    let service: [UInt8]
    let port: Int
    let target: Target
  }

  private let namespace: [UInt8]
  private let routes: [Route]

  /// - Parameter namespace: where the pools and their Services are.
  package init(namespace: String, _ references: [(Reference, Target)] = []) {
    self.namespace = Array(namespace.utf8)
    routes = references.map { Route(service: Array($0.service.utf8), port: $0.port, target: $1) }
  }

  /// The pool that an authority means. A port counts where several pools name the same Service. Allocates nothing.
  package func choose(authority: [UInt8]) -> Choice {
    guard let wanted = PickerAuthority(authority),
      wanted.namespace.map({ PickerAuthority.isEqual($0, namespace) }) ?? true
    else { return .none }
    var first: Target?
    var count = 0
    var exact: Target?
    var exactCount = 0
    for route in routes where PickerAuthority.isEqual(wanted.service, route.service) {
      count += 1
      if count == 1 { first = route.target }
      if route.port == wanted.port {
        exactCount += 1
        exact = route.target
      }
    }
    guard count > 0 else { return .none }
    if count == 1, let first { return .one(first) }
    if exactCount == 1, let exact { return .one(exact) }
    return .several
  }
}
