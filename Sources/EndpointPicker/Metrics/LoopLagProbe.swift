import NIOCore
import Telemetry

/// Asks an event loop for a task at fixed times and records how late it comes: what a request waits while the loop is
/// busy with others.
final class LoopLagProbe: @unchecked Sendable {
  // Unchecked: the state is used on the event loop only.
  private static let interval = TimeAmount.milliseconds(250)

  private let eventLoop: any EventLoop
  private let cell: HistogramCell
  private let shard: MetricsShard
  private var isStopped = false
  private var next: Scheduled<Void>?

  /// - Parameter shard: the one of the event loop.
  init(_ eventLoop: any EventLoop, cell: HistogramCell, shard: MetricsShard) {
    self.eventLoop = eventLoop
    self.cell = cell
    self.shard = shard
  }

  /// Begins to measure.
  func start() {
    eventLoop.execute { self.schedule(NIODeadline.now() + Self.interval) }
  }

  /// Stops measuring.
  func stop() {
    eventLoop.execute {
      self.isStopped = true
      self.next?.cancel()
    }
  }

  private func schedule(_ deadline: NIODeadline) {
    guard !isStopped else { return }
    next = eventLoop.scheduleTask(deadline: deadline) { [weak self] in
      guard let self else { return }
      let now = NIODeadline.now()
      cell.observe(Double((now - deadline).nanoseconds) * 1e-9, on: shard)
      schedule(max(deadline, now) + Self.interval)
    }
  }
}
