import Logging
import Synchronization

/// Log lines kept in memory.
final class CapturedLog: Sendable {
  private let lines = Mutex<[(level: Logger.Level, message: String)]>([])

  /// The messages of this level so far.
  func messages(_ level: Logger.Level) -> [String] {
    lines.withLock { $0.filter { $0.level == level }.map(\.message) }
  }

  var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

  private struct Handler: LogHandler {
    let log: CapturedLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      log.lines.withLock { $0.append((event.level, "\(event.message)")) }
    }
  }
}
