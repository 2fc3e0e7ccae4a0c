import Synchronization

/// Counts that are looked at while a run goes on.
package final class LoadProgress: Sendable {
  let completed = Atomic<Int>(0)
  let open = Atomic<Int>(0)
  let wrong = Atomic<Int>(0)
  let failed = Atomic<Int>(0)

  package init() {}

  /// All counts in a line.
  package var summary: String {
    let (completed, open) = (completed.load(ordering: .relaxed), open.load(ordering: .relaxed))
    let (wrong, failed) = (wrong.load(ordering: .relaxed), failed.load(ordering: .relaxed))
    return "\(completed) completed, \(open) open, \(wrong) wrong, \(failed) failed"
  }
}
