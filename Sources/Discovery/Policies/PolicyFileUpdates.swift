import PickerConfiguration

/// The successive policies that a file holds.
public struct PolicyFileUpdates: AsyncSequence, Sendable {
  /// What a change of the file amounts to.
  public enum Element: Sendable, Hashable {
    /// The policies now; those that the file lacks are gone.
    case policies(PolicyFile)
    /// The file can't be read or understood; the previous policies stand.
    case rejected(ConfigurationError)
  }
  /// The sequence never throws.
  public typealias Failure = Never

  private let path: String
  private let pool: String?
  private let watcher: FileWatcher

  /// Watches a file.
  /// - Parameter pool: objects that refer to a pool of another name are left out; nil for objects of all pools.
  public init(path: String, pool: String? = nil, interval: Duration = .milliseconds(500)) {
    self.init(
      path: path, pool: pool,
      watcher: FileWatcher(path: path, limit: PolicyFile.maximumBytes, interval: interval))
  }

  /// Reads what a watcher of the file at `path` reports.
  public init(path: String, pool: String? = nil, watcher: FileWatcher) {
    self.path = path
    self.pool = pool
    self.watcher = watcher
  }

  /// Starts watching.
  public func makeAsyncIterator() -> Iterator {
    Iterator(path: path, pool: pool, contents: watcher.makeAsyncIterator())
  }

  /// Watches for one reader.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let path: String
    fileprivate let pool: String?
    fileprivate var contents: FileWatcher.Iterator

    /// The next policies; `nil` once the task is cancelled.
    public mutating func next() async -> Element? {
      await next(isolation: nil)
    }

    /// The next policies; `nil` once the task is cancelled.
    public mutating func next(isolation actor: isolated (any Actor)?) async -> Element? {
      switch await contents.next(isolation: actor) {
      case nil:
        return nil
      case .failure(let error):
        return .rejected(error)
      case .success(let bytes):
        do {
          return .policies(try PolicyFile.parse(bytes, source: path, pool: pool))
        } catch {
          return .rejected(error)
        }
      }
    }
  }
}
