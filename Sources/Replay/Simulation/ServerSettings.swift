import ModelServerSimulator

/// The servers a trace is replayed on: as many alike engines as are asked for, and how often they are scraped.
public struct ServerSettings: Sendable, Equatable {
  /// Number of servers, 1...1024.
  public var count = 8
  /// Speeds and limits of each.
  public var engine: EngineConfiguration
  /// Time between scrapes of a server, in seconds, 0.001...60.
  public var scrapeInterval = 0.05
  /// Replicas of the picker, which take requests in turn and share nothing, 1...64. Baselines have one.
  public var replicas = 1
  /// The time to first token within which an answer counts as goodput, in seconds, more than 0.
  public var targetTTFT = 5.0

  /// Eight servers, each with the simulator's default speed and a KV cache of half a million tokens, which is what an
  /// 80 GB accelerator has left beside an 8B model.
  public init() {
    engine = EngineConfiguration()
    engine.blockCount = 32_768
  }

  /// Checks every range above.
  /// - Throws: ``ReplayError`` naming the setting by its flag.
  public func validate() throws(ReplayError) {
    guard (1...1_024).contains(count) else { throw ReplayError("--servers must be 1 to 1024, not \(count)") }
    guard (0.001...60).contains(scrapeInterval) else {
      throw ReplayError("--scrape-interval must be 1ms to 60s, not \(scrapeInterval) s")
    }
    guard (1...64).contains(replicas) else { throw ReplayError("--replicas must be 1 to 64, not \(replicas)") }
    guard targetTTFT > 0, targetTTFT.isFinite else {
      throw ReplayError("--target-ttft must be more than 0, not \(targetTTFT) s")
    }
    do {
      try engine.validate()
    } catch {
      throw ReplayError("--\(error)")
    }
  }
}
