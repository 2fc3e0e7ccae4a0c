import Synchronization

/// Counts the bytes that streams hold in memory, for one connection and for all together.
///
/// The connection's part is used by its event loop alone; the total is shared.
package final class BufferBudget {
  /// The total of all connections, or of those of their streams that share something.
  package final class Total: Sendable {
    private let used = Atomic<Int>(0)
    /// Most bytes held.
    package let limit: Int

    /// Creates a total with a limit in bytes.
    package init(limit: Int) {
      self.limit = limit
    }

    /// Bytes held now.
    package var bytes: Int { used.load(ordering: .relaxed) }

    func charge(_ bytes: Int) -> Bool {
      guard used.add(bytes, ordering: .relaxed).newValue <= limit else {
        used.subtract(bytes, ordering: .relaxed)
        return false
      }
      return true
    }

    func release(_ bytes: Int) { used.subtract(bytes, ordering: .relaxed) }
  }

  private let total: Total
  private let limit: Int
  /// Bytes the connection holds now.
  package private(set) var bytes = 0

  /// Creates a connection's budget with a limit in bytes.
  package init(limit: Int, total: Total) {
    self.limit = limit
    self.total = total
  }

  /// Takes bytes from the budget.
  /// - Returns: the limit that stands against it, nil if the bytes were taken.
  package func charge(_ bytes: Int) -> GRPCLimit? {
    guard self.bytes + bytes <= limit else { return .connectionBuffers }
    guard total.charge(bytes) else { return .totalBuffers }
    self.bytes += bytes
    return nil
  }

  /// Gives bytes back.
  package func release(_ bytes: Int) {
    self.bytes -= bytes
    total.release(bytes)
  }
}
