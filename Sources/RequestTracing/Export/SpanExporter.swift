import Logging
import NIOCore

/// Sends the spans of a queue to a collector, in batches, apart from everything else.
///
/// Spans that cannot be delivered are tried again a few times while the queue fills up behind them; then they are
/// counted as failed and forgotten.
public struct SpanExporter: Sendable {
  private static let maximumAttempts = 5
  private static let tick = Duration.milliseconds(200)

  private let queue: SpanQueue
  private let settings: TracingSettings
  private let group: any EventLoopGroup
  private let logger: Logger

  /// An exporter; nothing happens before ``run()``.
  public init(queue: SpanQueue, settings: TracingSettings, group: any EventLoopGroup, logger: Logger) {
    self.queue = queue
    self.settings = settings
    self.group = group
    self.logger = logger
  }

  /// Exports until the task is cancelled, then once more what is left, without another try.
  public func run() async {
    var link = Link()
    let delay = Duration.nanoseconds(Int64(settings.delay * 1e9))
    let clock = ContinuousClock()
    var last = clock.now
    while !Task.isCancelled {
      try? await Task.sleep(for: min(Self.tick, delay))
      let isDue = clock.now - last >= delay
      guard isDue || queue.count >= settings.batchSize else { continue }
      if isDue { last = clock.now }
      while !Task.isCancelled, queue.count >= (isDue ? 1 : settings.batchSize) {
        await export(queue.take(settings.batchSize), over: &link)
      }
    }
    // A cancelled task cannot wait, so what is left is sent by another one.
    await Task { [link] in await flush(link) }.value
  }

  private func flush(_ link: Link) async {
    var link = link
    while queue.count > 0 {
      let spans = queue.take(settings.batchSize)
      do {
        try await deliver(spans, over: &link)
      } catch {
        queue.noteFailed(spans.count + queue.count)
        break
      }
    }
    link.connection?.close()
  }

  private func export(_ spans: [FinishedSpan], over link: inout Link) async {
    var pause = Duration.seconds(1)
    for attempt in 1...Self.maximumAttempts {
      do {
        try await deliver(spans, over: &link)
        if !link.isWell { logger.info("traces are exported again") }
        link.isWell = true
        return
      } catch {
        if link.isWell {
          logger.warning(
            "cannot export traces",
            metadata: ["collector": "\(settings.collector.host):\(settings.collector.port)", "error": "\(error)"])
        }
        link.isWell = false
        guard attempt < Self.maximumAttempts, !Task.isCancelled else { break }
        try? await Task.sleep(for: pause)
        pause *= 2
      }
    }
    queue.noteFailed(spans.count)
  }

  private func deliver(_ spans: [FinishedSpan], over link: inout Link) async throws {
    let connection: CollectorConnection
    if let known = link.connection {
      connection = known
    } else {
      connection = try await CollectorConnection.connect(to: settings.collector, group: group)
      link.connection = connection
    }
    do {
      try await connection.send(
        ExportRequest.encode(spans, resource: settings.resource), timeout: settings.collector.timeout)
    } catch {
      connection.close()
      link.connection = nil
      throw error
    }
    queue.noteExported(spans.count)
  }

  /// The way to the collector, and how it fares.
  private struct Link {
    var connection: CollectorConnection?
    /// Whether the last delivery worked; the first failure is logged, those after it are not.
    var isWell = true
  }
}
