import Scheduling
import Telemetry

extension DecisionRecord {
  /// Candidates whose scores are written.
  private static let maximumScores = 16

  /// Writes the record as a line of the decision log (see <doc:DecisionLog>), without its line feed.
  func write(to json: inout JSONWriter, mask: HashMask, includesSequence: Bool = false) {
    json.beginObject()
    json.field("v", 1)
    if includesSequence { json.field("seq", sequence) }
    json.field("time", LogTimestamp.text(microseconds: content.time))
    json.field("request_id", content.requestID)
    if let pool = content.pool { json.field("pool", pool) }
    writeRequest(&json)
    writePrompt(&json, mask)
    writeChoice(&json)
    json.key("timings_us")
    writeTimings(&json)
    if let outcome {
      json.key("response")
      outcome.write(to: &json)
    }
    json.endObject()
  }

  private func writeRequest(_ json: inout JSONWriter) {
    json.field("model", content.model)
    json.field("target_model", content.targetModel)
    json.field("priority", content.priority)
    if let isStreaming = content.isStreaming { json.field("stream", isStreaming) }
    json.field("body_bytes", content.bodyBytes)
    if let bytes = content.promptBytes { json.field("prompt_bytes", bytes) }
    if let tokens = content.promptTokens { json.field("prompt_tokens", tokens) }
    if let maximum = content.maxOutputTokens { json.field("max_output_tokens", maximum) }
  }

  private func writePrompt(_ json: inout JSONWriter, _ mask: HashMask) {
    guard let blocks = content.blocks else { return }
    json.field("block_tokens", blocks.tokensPerBlock)
    json.field("blocks", blocks.count)
    if let matched = content.matchedBlocks { json.field("matched_blocks", matched) }
    if let first = blocks.hashes.first { json.field("prefix_group", mask.masked(first)) }
    guard content.notesBlockHashes else { return }
    json.key("block_hashes")
    json.beginArray()
    for hash in blocks.hashes { json.value(mask.masked(hash)) }
    json.endArray()
  }

  private func writeChoice(_ json: inout JSONWriter) {
    if let first = content.endpoints.first {
      json.field("endpoint", first)
      json.field("endpoints", content.endpoints)
    }
    if let rejection = content.rejection {
      json.key("rejected")
      json.beginObject()
      json.field("status", rejection.status)
      json.field("code", rejection.code)
      json.field("message", rejection.message)
      json.endObject()
    }
    json.field("candidates", content.candidateCount)
    let profile = profile
    if let profile { json.field("profile", profile.name) }
    writeOthers(than: profile, &json)
    json.key("filters")
    json.beginArray()
    for filter in profile?.filters ?? [] {
      json.beginObject()
      json.field("name", filter.name)
      json.field("left", filter.left)
      json.field("dropped", filter.dropped)
      json.endObject()
    }
    json.endArray()
    writeScores(profile, &json)
  }

  private func writeOthers(than profile: DecisionTrace.ProfileTrace?, _ json: inout JSONWriter) {
    let others = content.profiles.filter { $0.name != profile?.name }
    guard !others.isEmpty else { return }
    json.key("other_profiles")
    json.beginArray()
    for other in others {
      json.beginObject()
      json.field("name", other.name)
      if let endpoint = other.picks.first { json.field("endpoint", endpoint) }
      json.endObject()
    }
    json.endArray()
  }

  private func writeScores(_ profile: DecisionTrace.ProfileTrace?, _ json: inout JSONWriter) {
    json.key("weights")
    json.beginObject()
    for scorer in profile?.scorers ?? [] { json.field(scorer.name, scorer.weight) }
    json.endObject()
    json.key("scores")
    json.beginArray()
    if let profile {
      for position in profile.finalOrder.prefix(max(Self.maximumScores, profile.picks.count)) {
        json.beginObject()
        json.field("endpoint", profile.endpoints[position])
        json.field("total", profile.total(position), decimals: 6)
        json.key("scorers")
        json.beginObject()
        for scorer in profile.scorers { json.field(scorer.name, scorer.scores[position], decimals: 6) }
        json.endObject()
        if let times = profile.scorers.first(where: { !$0.estimates.isEmpty })?.estimates {
          json.field("ttft_estimate_ms", times[position] * 1_000, decimals: 3)
        }
        json.endObject()
      }
    }
    json.endArray()
  }

  func writeTimings(_ json: inout JSONWriter) {
    json.beginObject()
    if let queued = content.queueNanoseconds { json.field("queue", Double(queued) / 1_000, decimals: 1) }
    json.field("parse", Double(content.parseNanoseconds) / 1_000, decimals: 1)
    json.field("schedule", Double(content.scheduleNanoseconds) / 1_000, decimals: 1)
    json.endObject()
  }
}

extension DecisionRecord.Outcome {
  fileprivate func write(to json: inout JSONWriter) {
    json.beginObject()
    if let status { json.field("status", status) }
    if let servedEndpoint { json.field("served", servedEndpoint) }
    json.field("duration_ms", Double(durationNanoseconds) / 1_000_000, decimals: 3)
    if let firstTokenNanoseconds {
      json.field("first_token_ms", Double(firstTokenNanoseconds) / 1_000_000, decimals: 3)
    }
    json.field("response_bytes", responseBytes)
    if let promptTokens { json.field("prompt_tokens", promptTokens) }
    if let cachedTokens { json.field("cached_tokens", cachedTokens) }
    if let outputTokens { json.field("output_tokens", outputTokens) }
    if let error { json.field("error", error) }
    json.endObject()
  }
}
