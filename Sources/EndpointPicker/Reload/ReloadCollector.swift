import Telemetry

/// How often files were read again while the process runs, and whether what is in force is what they say.
struct ReloadCollector: MetricsCollector {
  /// Of the process; with one pool also of the pool.
  let record: ReloadRecord
  let directory: PoolDirectory

  func collect(into writer: inout MetricsWriter) {
    var all = record.all.map { (labels: [(name: String, value: String)](), subject: $0.subject, history: $0.history) }
    for pool in directory.pools where pool.reloads !== record {
      all += pool.reloads.all.map { (directory.labels(of: pool), $0.subject, $0.history) }
    }
    writer.family("epp_reloads_total", kind: .counter, help: "Files read again, by whether they were put in force.")
    for (labels, subject, history) in all {
      for (result, count) in [("success", history.successes), ("failure", history.failures)] {
        writer.sample(Double(count), labels: labels + [("file", subject.rawValue), ("result", result)])
      }
    }
    writer.family(
      "epp_last_reload_successful", kind: .gauge, help: "1 if a file was put in force when it was last read, else 0.")
    for (labels, subject, history) in all {
      writer.sample(history.isGood ? 1 : 0, labels: labels + [("file", subject.rawValue)])
    }
    writer.family(
      "epp_last_reload_success_timestamp_seconds", kind: .gauge,
      help: "When a file was last put in force, in seconds since 1970.")
    for (labels, subject, history) in all {
      writer.sample(history.lastSuccess, labels: labels + [("file", subject.rawValue)])
    }
  }
}
