import Synchronization
import Telemetry

/// The last decisions with their scores, for people who ask why. Sampled, bounded, and free of prompts.
///
/// Safe to use from any thread.
package final class DecisionLog: Sendable {
  private struct State {
    var records: [DecisionRecord] = []
    /// Where the oldest is, once the ring is full.
    var oldest = 0
    var sequence: UInt64 = 0
  }

  private let capacity: Int
  private let decisionsPerSecond: UInt32
  private let mask: HashMask
  private let file: DecisionFile?
  private let state = Mutex(State())
  /// The second in force in the upper half, the decisions noted in it in the lower.
  private let rate = Atomic<UInt64>(0)

  /// Creates a log.
  /// - Parameters:
  ///   - capacity: decisions kept; the oldest go first.
  ///   - decisionsPerSecond: most decisions noted in a second, so that a busy picker does not pay for each.
  ///   - file: where decisions are written when their streams have ended.
  package init(capacity: Int = 256, decisionsPerSecond: Int = 20, file: DecisionFile? = nil) {
    self.capacity = max(1, capacity)
    self.decisionsPerSecond = UInt32(clamping: decisionsPerSecond)
    self.file = file
    mask = file?.mask ?? HashMask()
  }

  /// Whether nothing is noted ever.
  var isOff: Bool { decisionsPerSecond == 0 }

  /// Whether the decision about to be made should be noted. Costs one load once the second's share is used up.
  package func wantsSample(now: Double) -> Bool {
    guard decisionsPerSecond > 0 else { return false }
    let second = UInt64(UInt32(truncatingIfNeeded: Int64(now))) << 32
    var old = rate.load(ordering: .relaxed)
    while true {
      let isSame = old & ~0xFFFF_FFFF == second
      guard !isSame || old & 0xFFFF_FFFF < UInt64(decisionsPerSecond) else { return false }
      let (exchanged, original) = rate.weakCompareExchange(
        expected: old, desired: isSame ? old + 1 : second | 1, ordering: .relaxed)
      if exchanged { return true }
      old = original
    }
  }

  /// Notes a decision.
  package func append(_ content: DecisionRecord.Content) -> DecisionRecord {
    state.withLock { state in
      state.sequence += 1
      let record = DecisionRecord(content, sequence: state.sequence)
      if state.records.count < capacity {
        state.records.append(record)
      } else {
        state.records[state.oldest] = record
        state.oldest = (state.oldest + 1) % capacity
      }
      return record
    }
  }

  /// The stream of a noted decision has ended.
  package func ended(_ record: DecisionRecord, _ outcome: DecisionRecord.Outcome) {
    record.end(outcome)
    file?.append(record)
  }

  /// The decisions kept, oldest first.
  /// - Parameters:
  ///   - sequence: leaves out those up to this one.
  ///   - limit: at most so many, the latest.
  package func records(after sequence: UInt64 = 0, limit: Int = .max) -> [DecisionRecord] {
    let all = state.withLock { Array($0.records[$0.oldest...] + $0.records[..<$0.oldest]) }
    return Array(all.drop { $0.sequence <= sequence }.suffix(limit))
  }

  /// The decisions kept, oldest first, one JSON object a line (see <doc:DecisionLog>).
  package var lines: [UInt8] {
    let records = records()
    var json = JSONWriter(capacity: records.count * 1_024)
    for record in records {
      record.write(to: &json, mask: mask)
      json.endLine()
    }
    return json.bytes
  }

  /// Writes records as an array, with their places in the log.
  func write(_ records: some Sequence<DecisionRecord>, to json: inout JSONWriter) {
    json.beginArray()
    for record in records { record.write(to: &json, mask: mask, includesSequence: true) }
    json.endArray()
  }
}
