import PickerConfiguration

/// The successive sets of endpoints that a file lists: what the `file-discovery` plugin feeds the endpoint table with.
public struct EndpointFileUpdates: AsyncSequence, Sendable {
  /// What a change of the file amounts to.
  public enum Element: Sendable, Hashable {
    /// The whole new set; endpoints that it lacks are gone.
    case endpoints(EndpointFile)
    /// The file can't be read or understood; the previous set stands.
    case rejected(ConfigurationError)
  }
  /// The sequence never throws.
  public typealias Failure = Never

  private let path: String
  private let watcher: FileWatcher

  /// Watches a file.
  public init(path: String, interval: Duration = .milliseconds(500)) {
    self.init(path: path, watcher: FileWatcher(path: path, limit: EndpointFile.maximumBytes, interval: interval))
  }

  /// Reads what a watcher of the file at `path` reports.
  public init(path: String, watcher: FileWatcher) {
    self.path = path
    self.watcher = watcher
  }

  /// Starts watching.
  public func makeAsyncIterator() -> Iterator {
    Iterator(path: path, contents: watcher.makeAsyncIterator())
  }

  /// Watches for one reader.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let path: String
    fileprivate var contents: FileWatcher.Iterator

    /// The next set; `nil` once the task is cancelled.
    public mutating func next() async -> Element? {
      await next(isolation: nil)
    }

    /// The next set; `nil` once the task is cancelled.
    public mutating func next(isolation actor: isolated (any Actor)?) async -> Element? {
      switch await contents.next(isolation: actor) {
      case nil:
        return nil
      case .failure(let error):
        return .rejected(error)
      case .success(let bytes):
        do {
          return .endpoints(try EndpointFile.parse(bytes, source: path))
        } catch {
          return .rejected(error)
        }
      }
    }
  }
}
