/// Tells another process something from time to time, behind the back of requests.
public protocol PeriodicReporter: Plugin {
  /// What to send, about once a second; nil for nothing. The answer's status is looked at only. Any thread.
  func report() -> Inquiry?
}
