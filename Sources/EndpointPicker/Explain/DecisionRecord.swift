import Scheduling
import Synchronization

/// What is noted of one decision: what was asked, what was chosen and why, and in the end how it went.
///
/// Made on the event loop of the request; everything but the outcome is fixed from then on, so any thread may read it.
package final class DecisionRecord: Sendable {
  /// The most block hashes in a record.
  package static let maximumBlockHashes = 4_096
  /// The most bytes of a request's id.
  static let maximumRequestID = 128

  /// The decision, without its outcome.
  package struct Content: Sendable {
    /// Microseconds since 1970.
    package var time: Int64
    package var requestID = ""
    /// The pool, where there may be several.
    package var pool: String?
    package var model = ""
    package var targetModel = ""
    package var priority = 0
    package var isStreaming: Bool?
    package var bodyBytes = 0
    package var promptBytes: Int?
    package var promptTokens: Int?
    package var maxOutputTokens: Int?
    package var blocks: DecisionTrace.PromptBlocks?
    package var matchedBlocks: Int?
    /// The destination, best first; empty when the request was turned away.
    package var endpoints: [String] = []
    package var rejection: Rejection?
    package var candidateCount = 0
    package var profiles: [DecisionTrace.ProfileTrace] = []
    package var primaryProfile: String?
    /// How long the request waited for its turn; nil where requests do not wait.
    package var queueNanoseconds: UInt64?
    package var parseNanoseconds: UInt64 = 0
    package var scheduleNanoseconds: UInt64 = 0
    /// The request asked for its decision.
    package var isExplained = false
    /// The decision carries the scores of all candidates.
    package var emitsScores = false
    /// The hashes of all blocks were noted, not only that of the first.
    package var notesBlockHashes = false
    /// The decision goes into the log.
    package var isLogged = false

    package init(time: Int64) {
      self.time = time
    }
  }

  /// How the request went.
  package struct Outcome: Sendable, Hashable {
    /// HTTP status of the response; nil when its headers were not seen.
    package var status: Int?
    /// The endpoint that served.
    package var servedEndpoint: String?
    /// From the request's arrival to its end.
    package var durationNanoseconds: UInt64 = 0
    /// From the request's arrival to the first piece of the response's body; nil when there was none.
    package var firstTokenNanoseconds: UInt64?
    /// Bytes of the response's body.
    package var responseBytes = 0
    /// Tokens of the prompt, as the model server counted them.
    package var promptTokens: Int?
    /// Tokens of the prompt that the model server had cached.
    package var cachedTokens: Int?
    /// Tokens of the answer.
    package var outputTokens: Int?
    /// What failed.
    package var error: String?

    /// Nothing is known.
    package init() {}
  }

  package let content: Content
  /// Place in the log, counted from 1; 0 outside of it.
  package let sequence: UInt64
  private let ended = Mutex<Outcome?>(nil)

  package init(_ content: Content, sequence: UInt64 = 0) {
    self.content = content
    self.sequence = sequence
  }

  /// How the request went; nil until its stream has ended.
  package var outcome: Outcome? { ended.withLock { $0 } }

  /// Notes how the request went.
  func end(_ outcome: Outcome) { ended.withLock { $0 = outcome } }

  /// The profile that made the decision, else the one that ran last.
  var profile: DecisionTrace.ProfileTrace? {
    content.profiles.last { $0.name == content.primaryProfile } ?? content.profiles.last
  }
}

extension DecisionTrace.ProfileTrace {
  /// Positions in ``endpoints``: the picks in their order, then the others by falling total.
  var finalOrder: [Int] {
    let rank = Dictionary(zip(picks, picks.indices)) { first, _ in first }
    return endpoints.indices.sorted { left, right in
      let (leftRank, rightRank) = (rank[endpoints[left]] ?? .max, rank[endpoints[right]] ?? .max)
      if leftRank != rightRank { return leftRank < rightRank }
      let (leftTotal, rightTotal) = (total(left), total(right))
      return leftTotal != rightTotal ? leftTotal > rightTotal : left < right
    }
  }

  /// The weighted sum at a position.
  func total(_ position: Int) -> Double { totals.indices.contains(position) ? totals[position] : 0 }
}
