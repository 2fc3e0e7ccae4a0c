import Synchronization

/// The LoRA adapters of all endpoints, by slot of the endpoint table.
///
/// Scrapers set an entry only when it changed, which is seldom. Readers keep what ``all()`` gave until ``version``
/// differs, so that a request costs one atomic load. Any thread.
public final class AdapterStore: Sendable {
  private let entries = Mutex<[AdapterSet?]>([])
  private let changes = Atomic<UInt64>(0)

  /// Creates an empty store.
  public init() {}

  /// Grows with every change.
  public var version: UInt64 { changes.load(ordering: .acquiring) }

  /// The adapters by slot. Slots beyond the end have none.
  public func all() -> [AdapterSet?] { entries.withLock { $0 } }

  /// The adapters of one endpoint; nil if it never told any.
  public func adapters(slot: Int) -> AdapterSet? {
    entries.withLock { $0.indices.contains(slot) ? $0[slot] : nil }
  }

  /// Sets or removes the adapters of an endpoint. Setting the same object again is no change.
  public func set(_ adapters: AdapterSet?, slot: Int) {
    entries.withLock { entries in
      guard slot >= 0, (slot < entries.count ? entries[slot] : nil) !== adapters else { return }
      while entries.count <= slot { entries.append(nil) }
      entries[slot] = adapters
      changes.add(1, ordering: .releasing)
    }
  }
}
