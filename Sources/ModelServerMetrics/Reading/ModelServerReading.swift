import Endpoints

/// What one metrics page told about a model server. Nil fields were not on the page and keep their old values.
package struct ModelServerReading: Sendable {
  /// Requests waiting in the queue, a whole number.
  package var waitingQueueSize: Double?
  /// Requests in the running batch, a whole number.
  package var runningRequests: Double?
  /// Used part of the KV cache, 0…1.
  package var kvCacheUsage: Double?
  /// Tokens of a KV cache block.
  package var cacheBlockSize: Double?
  /// Number of KV cache blocks.
  package var cacheBlockCount: Double?
  /// How many LoRA adapters fit at the same time.
  package var maxActiveModels: Double?
  /// The LoRA adapters. The same object as in the reading before if nothing changed.
  package var adapters: AdapterSet?
  /// When the process began, in seconds since 1970.
  package var startTime: Double?
  /// A counter of work done since then.
  package var work: Double?
  /// Custom metrics in the order of their configuration; NaN for one that was not on the page.
  package var custom: [Double] = []
  /// Fields that the engine should tell and the page did not. LoRA is not counted: servers without adapters leave it
  /// out.
  package var missing: ModelServerFields = []
  /// Lines of wanted families that break the format and were left out.
  package var brokenLines = 0

  /// Nothing was found.
  package init() {}

  /// Whether nothing at all was found.
  package var isEmpty: Bool {
    waitingQueueSize == nil && runningRequests == nil && kvCacheUsage == nil && cacheBlockSize == nil
      && cacheBlockCount == nil && maxActiveModels == nil && adapters == nil && !custom.contains { !$0.isNaN }
  }

  /// Whether the page tells how busy the server is, so that it covers requests placed before it was asked for.
  package var tellsLoad: Bool { waitingQueueSize != nil || runningRequests != nil }

  /// Stores the values found, and the time if there was one.
  ///
  /// - Parameters:
  ///   - now: seconds of the monotonic clock.
  ///   - customColumns: columns of the custom metrics in the order of their configuration.
  package func apply(
    to table: EndpointTable, slot: Int, now: Double, customColumns: [ColumnID] = [], adapters store: AdapterStore? = nil
  ) {
    guard !isEmpty else { return }
    if let waitingQueueSize { table.store(waitingQueueSize, in: .waitingQueueSize, slot: slot) }
    if let runningRequests { table.store(runningRequests, in: .runningRequests, slot: slot) }
    if let kvCacheUsage { table.store(kvCacheUsage, in: .kvCacheUsage, slot: slot) }
    if let cacheBlockSize { table.store(cacheBlockSize, in: .cacheBlockSize, slot: slot) }
    if let cacheBlockCount { table.store(cacheBlockCount, in: .cacheBlockCount, slot: slot) }
    if let maxActiveModels { table.store(maxActiveModels, in: .maxActiveModels, slot: slot) }
    for (value, column) in zip(custom, customColumns) where !value.isNaN {
      table.store(value, in: column, slot: slot)
    }
    if let adapters { store?.set(adapters, slot: slot) }
    table.store(now, in: .updatedAt, slot: slot)
  }
}
