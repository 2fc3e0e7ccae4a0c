import PickerConfiguration

/// The successive contents of a file, as an asynchronous sequence that ends when its task is cancelled.
///
/// The first element comes at once, later ones when the contents have changed or can no longer be read. Changes that
/// follow each other faster than the interval are seen as one. Polling works on every file system, network file systems
/// and ConfigMap mounts included.
public struct FileWatcher: AsyncSequence, Sendable {
  /// The contents, or why they can't be read.
  public typealias Element = Result<[UInt8], ConfigurationError>
  /// The sequence never throws.
  public typealias Failure = Never

  private let path: String
  private let limit: Int
  private let wait: @Sendable () async throws -> Void

  /// - Parameters:
  ///   - path: the file, which need not exist yet.
  ///   - limit: the most bytes the file may have.
  ///   - interval: the time between two looks at the file.
  public init(path: String, limit: Int, interval: Duration = .milliseconds(500)) {
    self.init(path: path, limit: limit) {
      try await Task.sleep(for: interval, tolerance: interval / 5)
    }
  }

  /// - Parameter wait: returns when it is time for the next look; throws to end the sequence.
  public init(path: String, limit: Int, waitingBy wait: @escaping @Sendable () async throws -> Void) {
    self.path = path
    self.limit = limit
    self.wait = wait
  }

  /// Starts watching.
  public func makeAsyncIterator() -> Iterator {
    Iterator(poller: FilePoller(path: path, limit: limit), wait: wait)
  }

  /// Watches for one reader.
  public struct Iterator: AsyncIteratorProtocol {
    private var poller: FilePoller
    private let wait: @Sendable () async throws -> Void
    private var isFirst = true

    fileprivate init(poller: FilePoller, wait: @escaping @Sendable () async throws -> Void) {
      self.poller = poller
      self.wait = wait
    }

    /// The next contents; `nil` once the task is cancelled.
    public mutating func next() async -> Element? {
      await next(isolation: nil)
    }

    /// The next contents; `nil` once the task is cancelled.
    public mutating func next(isolation actor: isolated (any Actor)?) async -> Element? {
      while !Task.isCancelled {
        if isFirst {
          isFirst = false
        } else {
          do { try await wait() } catch { return nil }
        }
        switch poller.poll() {
        case .unchanged: continue
        case .contents(let bytes): return .success(bytes)
        case .failure(let error): return .failure(error)
        }
      }
      return nil
    }
  }
}
