import Foundation
import Scheduling
import Synchronization

/// The last decisions with their scores, for people who ask why. Sampled, bounded, and free of prompts.
///
/// Safe to use from any thread.
public final class DecisionLog: Sendable {

  private struct State {
    var entries: [String] = []
    var next = 0
    var samples = 0
    var second = -1.0
  }

  private let capacity: Int
  private let samplesPerSecond: Int
  private let state = Mutex(State())

  /// Creates a log.
  /// - Parameters:
  ///   - capacity: decisions kept; the oldest go first.
  ///   - samplesPerSecond: most decisions noted in a second, so that a busy picker does not pay for each.
  public init(capacity: Int = 256, samplesPerSecond: Int = 20) {
    self.capacity = max(1, capacity)
    self.samplesPerSecond = samplesPerSecond
  }

  /// Whether the decision about to be made should be noted.
  package func wantsSample(now: Double) -> Bool {
    state.withLock { state in
      if now.rounded(.down) != state.second {
        state.second = now.rounded(.down)
        state.samples = 0
      }
      guard state.samples < samplesPerSecond else { return false }
      state.samples += 1
      return true
    }
  }

  /// Notes a decision.
  package func append(_ trace: DecisionTrace, requestID: String?, model: String, date: Date = Date()) {
    guard let line = Self.line(trace, requestID, model, date) else { return }
    state.withLock { state in
      if state.entries.count < capacity {
        state.entries.append(line)
      } else {
        state.entries[state.next] = line
        state.next = (state.next + 1) % capacity
      }
    }
  }

  /// The decisions kept, oldest first, one JSON object a line.
  public var lines: String {
    state.withLock { state in
      (state.entries[state.next...] + state.entries[..<state.next]).map { $0 + "\n" }.joined()
    }
  }

  private struct Record: Encodable {
    struct Score: Encodable {
      let endpoint: String
      let total: Double
      let scorers: [String: Double]
    }

    struct Filter: Encodable {
      let name: String
      let left: Int
    }

    let time: String
    let request_id: String
    let model: String
    let endpoint: String
    let candidates: Int
    let profile: String
    let filters: [Filter]
    let weights: [String: Double]
    let scores: [Score]
  }

  private static func line(_ trace: DecisionTrace, _ requestID: String?, _ model: String, _ date: Date) -> String? {
    guard let profile = trace.profiles.last(where: { $0.name == trace.primaryProfile }) ?? trace.profiles.last else {
      return nil
    }
    let scores = profile.endpoints.indices.map { position in
      Record.Score(
        endpoint: profile.endpoints[position],
        total: profile.totals.indices.contains(position) ? profile.totals[position] : 0,
        scorers: Dictionary(profile.scorers.map { ($0.name, $0.scores[position]) }) { first, _ in first })
    }
    let record = Record(
      time: date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)),
      request_id: requestID ?? "", model: model, endpoint: profile.picks.first ?? "",
      candidates: trace.candidateCount, profile: profile.name,
      filters: profile.filters.map { Record.Filter(name: $0.name, left: $0.left) },
      weights: Dictionary(profile.scorers.map { ($0.name, $0.weight) }) { first, _ in first },
      // The best explain the pick; a thousand endpoints would only fill the log.
      scores: Array(scores.sorted { $0.total > $1.total }.prefix(16)))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(record)).map { String(decoding: $0, as: UTF8.self) }
  }
}
