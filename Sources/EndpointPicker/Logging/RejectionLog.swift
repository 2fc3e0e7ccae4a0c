import Logging
import NIOCore

/// Writes one line for each request that was refused, and one with a count for those beyond a few a second and cause.
///
/// Belongs to one event loop.
final class RejectionLog {
  /// Lines a second for each cause.
  static let linesPerSecond = 10

  private let logger: Logger
  private let eventLoop: any EventLoop
  private let instruments: LoopInstruments
  private var limiter = RepeatLimiter(perSecond: RejectionLog.linesPerSecond)
  private var isSummaryScheduled = false

  init(logger: Logger, eventLoop: any EventLoop, instruments: LoopInstruments) {
    self.logger = logger
    self.eventLoop = eventLoop
    self.instruments = instruments
  }

  /// Notes a request that was refused.
  /// - Parameter pool: the pool it was for; nil where there is one.
  func log(_ rejection: Rejection, requestID: String?, pool: String?, now: Double) {
    guard limiter.admits(rejection.code, now: now) else { return scheduleSummary() }
    var metadata: Logger.Metadata = [
      "status": "\(rejection.status)", "code": "\(rejection.code)", "reason": "\(rejection.message)",
      "request-id": "\(requestID ?? "")",
    ]
    if let pool { metadata["pool"] = "\(pool)" }
    logger.info("request rejected", metadata: metadata)
  }

  /// Notes a stream that was refused because it is for no pool.
  func logUnknownPool(_ reason: String, now: Double) {
    guard limiter.admits("UnknownPool", now: now) else { return scheduleSummary() }
    logger.warning("stream refused", metadata: ["code": "UnknownPool", "reason": "\(reason)"])
  }

  private func scheduleSummary() {
    guard !isSummaryScheduled else { return }
    isSummaryScheduled = true
    eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { [self] in
      isSummaryScheduled = false
      for (code, count) in limiter.takeSuppressed() {
        instruments.suppressed(count, code: code)
        logger.info("more requests rejected", metadata: ["code": "\(code)", "count": .stringConvertible(count)])
      }
    }
  }
}
