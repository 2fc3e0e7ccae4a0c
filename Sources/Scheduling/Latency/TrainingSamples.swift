import Synchronization

/// Latencies measured, until they are sent to the server that trains the model. Safe to use from any thread.
final class TrainingSamples: Sendable {
  /// Most samples kept; those beyond are dropped.
  static let capacity = 1_000

  private struct Kept {
    var text: [UInt8] = []
    var count = 0
  }

  private let kept = Mutex(Kept())

  /// Keeps a sample. A latency of 0 is none.
  /// - Parameters:
  ///   - ttft: milliseconds to the first token.
  ///   - tpot: milliseconds for each further token.
  func add(_ features: LatencyFeatures, ttft: Double = 0, tpot: Double = 0) {
    kept.withLock { kept in
      guard kept.count < Self.capacity else { return }
      kept.text += (kept.count == 0 ? "{" : ",{").utf8
      features.append(to: &kept.text, generatedTokens: tpot > 0 ? 1 : 0)
      kept.text += ",\"actual_ttft_ms\":\(ttft),\"actual_tpot_ms\":\(tpot)}".utf8
      kept.count += 1
    }
  }

  /// What was kept, as a document for the training server; nil when that is nothing.
  func take() -> [UInt8]? {
    let taken = kept.withLock { kept in
      defer { kept = Kept() }
      return kept
    }
    return taken.count == 0 ? nil : Array("{\"entries\":[".utf8) + taken.text + Array("]}".utf8)
  }
}
