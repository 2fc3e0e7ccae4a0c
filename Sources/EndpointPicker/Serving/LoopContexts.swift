import Endpoints
import NIOCore

/// The contexts of all event loops. Each is made on first use by its own loop.
final class LoopContexts: Sendable {
  private let contexts: [ObjectIdentifier: NIOLoopBound<LoopContext>]

  /// Makes a context for each loop; `make` gets its number and the loop.
  static func make(
    for group: any EventLoopGroup, _ make: @escaping @Sendable (Int, any EventLoop) -> LoopContext
  ) async throws -> LoopContexts {
    var contexts: [ObjectIdentifier: NIOLoopBound<LoopContext>] = [:]
    for (number, eventLoop) in group.makeIterator().enumerated() {
      contexts[ObjectIdentifier(eventLoop)] = try await eventLoop.submit {
        NIOLoopBound(make(number, eventLoop), eventLoop: eventLoop)
      }.get()
    }
    return LoopContexts(contexts)
  }

  private init(_ contexts: [ObjectIdentifier: NIOLoopBound<LoopContext>]) {
    self.contexts = contexts
  }

  /// A pool is gone: every loop drops what it keeps for it.
  func forget(_ endpoints: EndpointTable) {
    for bound in contexts.values { bound.eventLoop.execute { bound.value.forget(endpoints) } }
  }

  /// The context of the loop this is called on.
  func context(of eventLoop: any EventLoop) -> LoopContext {
    guard let bound = contexts[ObjectIdentifier(eventLoop)] else {
      preconditionFailure("connections are served on the loops that contexts were made for")
    }
    return bound.value
  }
}
