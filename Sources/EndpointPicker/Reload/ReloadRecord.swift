import FoundationEssentials
import Synchronization

/// How reading files again went, for metrics. Any thread.
final class ReloadRecord: Sendable {
  /// What is read again.
  enum Subject: String, Sendable, CaseIterable {
    case configuration
    case endpoints
    case policies
    /// The certificate of the ext_proc port.
    case certificate
    /// The certificate of the metrics port.
    case metricsCertificate = "metrics_certificate"
    /// The certificates towards model servers.
    case scrapeCertificate = "scrape_certificate"
  }

  /// The history of one of them.
  struct History: Sendable {
    var successes = 0
    var failures = 0
    /// Whether the last reading succeeded, that of the start included.
    var isGood = true
    /// When it last did, in seconds since 1970.
    var lastSuccess: Double
  }

  private let clock: @Sendable () -> Double
  private let histories = Mutex<[Subject: History]>([:])

  /// - Parameter clock: seconds since 1970.
  init(clock: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }) {
    self.clock = clock
  }

  /// A file was read at the start and may be read again.
  func began(_ subject: Subject) {
    histories.withLock { $0[subject] = History(lastSuccess: clock()) }
  }

  /// A file was read again.
  func note(_ subject: Subject, succeeded: Bool) {
    let now = clock()
    histories.withLock { histories in
      var history = histories[subject] ?? History(lastSuccess: 0)
      history.isGood = succeeded
      if succeeded {
        history.successes += 1
        history.lastSuccess = now
      } else {
        history.failures += 1
      }
      histories[subject] = history
    }
  }

  /// All of them, in a fixed order.
  var all: [(subject: Subject, history: History)] {
    histories.withLock { histories in
      Subject.allCases.compactMap { subject in histories[subject].map { (subject, $0) } }
    }
  }
}
