import Logging
import NIOPosix
import ServiceLifecycle
import Synchronization
import Telemetry

/// Writes noted decisions to a file, away from the event loops.
///
/// Notes wait in a bounded queue. When the file cannot be written, they are dropped and counted; nothing else suffers.
/// Safe to use from any thread.
package final class DecisionFile: Service {
  /// Notes that wait at most.
  package static let maximumWaiting = 4_096
  /// Bytes written at a time, so that files are moved aside close to their limit.
  private static let writeBytes = 16 << 10
  private static let pause = Duration.milliseconds(200)
  /// Until the next attempt at a file that could not be written.
  private static let retryPause = Duration.seconds(2)

  private struct Queue {
    var waiting: [DecisionRecord] = []
    var dropped = 0
    var written = 0
  }

  let mask = HashMask()
  private let logger: Logger
  private let queue = Mutex(Queue())
  private let file: Mutex<RotatingFile>

  package init(options: ExplainOptions, logger: Logger) {
    self.logger = logger
    file = Mutex(
      RotatingFile(
        path: options.file, maximumBytes: options.maximumFileBytes, maximumFiles: options.maximumFiles))
  }

  /// Notes written, and notes dropped, since the start.
  package var counts: (written: Int, dropped: Int) { queue.withLock { ($0.written, $0.dropped) } }

  /// Hands a note over; it is dropped when too many wait.
  package func append(_ record: DecisionRecord) {
    queue.withLock { queue in
      if queue.waiting.count < Self.maximumWaiting {
        queue.waiting.append(record)
      } else {
        queue.dropped += 1
      }
    }
  }

  /// Opens the file: a path that can never work is a mistake of the operator, not something to count.
  /// - Throws: ``ProcessError`` naming the flag.
  package func open() throws {
    do {
      try file.withLock { try $0.openIfNeeded() }
    } catch {
      throw ProcessError("--decision-log-file: \(error)")
    }
  }

  /// Writes until the process stops, and what is left then.
  package func run() async throws {
    var isFailing = false
    var isLast = false
    while true {
      let failure = try? await NIOThreadPool.singleton.runIfActive { self.writeWaiting() }
      if let failure = failure ?? nil {
        if !isFailing { logger.warning("decision log: \(failure); decisions are dropped until that ends") }
        isFailing = true
      } else if isFailing {
        logger.info("decision log: written again")
        isFailing = false
      }
      if isLast { return }
      let pause = isFailing ? Self.retryPause : Self.pause
      do {
        try await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
      } catch {
        isLast = true
      }
    }
  }

  /// Writes what waits. Blocks.
  /// - Returns: what went wrong.
  package func writeWaiting() -> String? {
    let records = queue.withLock { queue in
      defer { queue.waiting = [] }
      return queue.waiting
    }
    var written = 0
    while written < records.count {
      var json = JSONWriter(capacity: 2 * Self.writeBytes)
      var end = written
      while end < records.count, json.bytes.count < Self.writeBytes {
        records[end].write(to: &json, mask: mask)
        json.endLine()
        end += 1
      }
      do {
        try file.withLock { try $0.append(json.bytes) }
      } catch {
        queue.withLock { $0.dropped += records.count - written }
        return "\(error)"
      }
      queue.withLock { $0.written += end - written }
      written = end
    }
    return nil
  }
}
