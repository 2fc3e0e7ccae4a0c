import Synchronization

/// How the scraping of one endpoint goes.
package struct ScrapeStatus: Sendable {
  /// When the last successful scrape ended, in seconds of the monotonic clock; nil if never.
  package internal(set) var lastSuccess: Double?
  /// What went wrong last; nil after a success.
  package internal(set) var lastError: String?
  /// Failures since the last success.
  package internal(set) var consecutiveFailures = 0
  /// Fields that the last page should have told and did not.
  package internal(set) var missing: ModelServerFields = []

  /// Seconds since the last success; nil if there was none.
  package func age(now: Double) -> Double? { lastSuccess.map { now - $0 } }
}

/// The status of one endpoint, written by its scraper and read by any thread.
final class ScrapeRecord: Sendable {
  private let value = Mutex(ScrapeStatus())

  var status: ScrapeStatus { value.withLock { $0 } }

  /// - Returns: the status before.
  func succeeded(at now: Double, missing: ModelServerFields) -> ScrapeStatus {
    value.withLock { status in
      defer {
        status.lastSuccess = now
        status.lastError = nil
        status.consecutiveFailures = 0
        status.missing = missing
      }
      return status
    }
  }

  /// - Returns: the failures since the last success.
  func failed(_ error: String) -> Int {
    value.withLock { status in
      status.lastError = error
      status.consecutiveFailures += 1
      return status.consecutiveFailures
    }
  }
}

/// Counts over all endpoints of a pool since it was made.
package struct ScrapeTotals: Sendable, Equatable {
  package let succeeded: Int
  package let failed: Int
  /// Successful scrapes whose page lacked something that it should have told.
  package let incomplete: Int
  /// Bytes of metrics pages received.
  package let bytes: Int
  /// Servers that were seen to have begun anew.
  package let restarts: Int
}

/// The counters behind ``ScrapeTotals``. Any thread.
final class ScrapeCounters: Sendable {
  let succeeded = Atomic<Int>(0)
  let failed = Atomic<Int>(0)
  let incomplete = Atomic<Int>(0)
  let bytes = Atomic<Int>(0)
  let restarts = Atomic<Int>(0)

  var totals: ScrapeTotals {
    ScrapeTotals(
      succeeded: succeeded.load(ordering: .relaxed), failed: failed.load(ordering: .relaxed),
      incomplete: incomplete.load(ordering: .relaxed), bytes: bytes.load(ordering: .relaxed),
      restarts: restarts.load(ordering: .relaxed))
  }
}
