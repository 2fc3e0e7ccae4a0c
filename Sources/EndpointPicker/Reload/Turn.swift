import Synchronization

/// Lets callers through one at a time.
final class Turn: Sendable {
  private let lock = Mutex(())

  /// Runs `body` when nobody else does.
  func take<Result>(_ body: () throws -> Result) rethrows -> Result { try lock.withLock { _ in try body() } }
}
