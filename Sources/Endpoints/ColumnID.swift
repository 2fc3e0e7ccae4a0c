/// A column of an ``EndpointTable``: one number for each endpoint.
///
/// Scraped values live in columns so that a scorer runs over arrays. A value that was never scraped is 0 in the
/// built-in columns and NaN in those that plugins register.
public struct ColumnID: Hashable, Sendable {
  package let index: Int

  package init(index: Int) {
    self.index = index
  }

  /// Requests waiting in the model server's queue.
  public static let waitingQueueSize = ColumnID(index: 0)
  /// Requests in the model server's running batch.
  public static let runningRequests = ColumnID(index: 1)
  /// Used part of the KV cache, 0…1.
  public static let kvCacheUsage = ColumnID(index: 2)
  /// Tokens of one KV cache block; 0 if unknown.
  public static let cacheBlockSize = ColumnID(index: 3)
  /// Number of KV cache blocks; 0 if unknown.
  public static let cacheBlockCount = ColumnID(index: 4)
  /// How many LoRA adapters fit at the same time; 0 if unknown.
  public static let maxActiveModels = ColumnID(index: 5)
  /// When the last successful scrape ended, in seconds of the monotonic clock; 0 if never.
  public static let updatedAt = ColumnID(index: 6)

  static let builtInCount = 7
}
