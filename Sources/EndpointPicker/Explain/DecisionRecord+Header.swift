import ExtProc
import Scheduling
import Telemetry

extension DecisionRecord {
  /// Response header and metadata key that carry the decision.
  static let headerName = "x-epp-decision"
  /// Metadata key of the candidates' scores.
  static let scoresKey = "x-gateway-destination-endpoint-scores"
  /// The most bytes of a decision in a header.
  package static let maximumHeaderBytes = 4_096
  private static let maximumEmittedScores = 1_024

  /// The decision in few bytes, for a header value; candidates are left out until it fits.
  package var compactText: String {
    var shown = min(profile?.endpoints.count ?? 0, 64)
    while true {
      var json = JSONWriter(capacity: Self.maximumHeaderBytes, isASCII: true)
      writeCompact(&json, shown: shown)
      if json.bytes.count <= Self.maximumHeaderBytes { return String(decoding: json.bytes, as: UTF8.self) }
      // Names of plugins without end could exceed the limit all the same.
      guard shown > 0 else { return "{}" }
      shown /= 2
    }
  }

  private func writeCompact(_ json: inout JSONWriter, shown: Int) {
    json.beginObject()
    if let pool = content.pool { json.field("pool", pool) }
    if let first = content.endpoints.first { json.field("endpoint", first) }
    if content.endpoints.count > 1 { json.field("endpoints", Array(content.endpoints.prefix(16))) }
    if let rejection = content.rejection { json.field("rejected", rejection.code) }
    json.field("candidates", content.candidateCount)
    if let profile {
      json.field("profile", profile.name)
      writeFilters(profile, &json)
      writeScores(profile, &json, shown: shown)
    }
    json.key("us")
    writeTimings(&json)
    json.endObject()
  }

  private func writeFilters(_ profile: DecisionTrace.ProfileTrace, _ json: inout JSONWriter) {
    json.key("filters")
    json.beginArray()
    for filter in profile.filters {
      json.beginArray()
      json.value(filter.name)
      json.value(filter.left)
      json.value(Array(filter.dropped.prefix(8)))
      json.endArray()
    }
    json.endArray()
  }

  private func writeScores(_ profile: DecisionTrace.ProfileTrace, _ json: inout JSONWriter, shown: Int) {
    json.key("scorers")
    json.beginArray()
    for scorer in profile.scorers {
      json.beginArray()
      json.value(scorer.name)
      json.value(scorer.weight)
      json.endArray()
    }
    json.endArray()
    json.key("scores")
    json.beginArray()
    for position in profile.finalOrder.prefix(shown) {
      json.beginArray()
      json.value(profile.endpoints[position])
      json.value(profile.total(position), decimals: 4)
      json.beginArray()
      for scorer in profile.scorers { json.value(scorer.scores[position], decimals: 4) }
      json.endArray()
      json.endArray()
    }
    json.endArray()
    if let times = profile.scorers.first(where: { !$0.estimates.isEmpty })?.estimates {
      // In the order of the scores.
      json.key("ttft_estimates_ms")
      json.beginArray()
      for position in profile.finalOrder.prefix(shown) { json.value(times[position] * 1_000, decimals: 3) }
      json.endArray()
    }
    json.field("more", profile.endpoints.count - shown)
  }

  /// Dynamic metadata that goes with the destination; empty for most decisions.
  package var metadata: [Answer.MetadataField] {
    let namespace = "\(ExtProcNames.loadBalancerNamespace)"
    var fields: [Answer.MetadataField] = []
    if content.isExplained {
      fields.append(.init(namespace: namespace, key: Self.headerName, value: .string(compactText)))
    }
    if content.emitsScores, let profile {
      for position in profile.finalOrder.prefix(Self.maximumEmittedScores) {
        fields.append(
          .init(
            namespace: namespace, parent: Self.scoresKey, key: profile.endpoints[position],
            value: .number(profile.total(position))))
      }
    }
    return fields
  }

  /// Whether the answer to the request differs from that of a decision nobody asked about.
  var changesAnswer: Bool { content.isExplained || content.emitsScores }

  /// Headers that go with the response, or with the refusal.
  package var responseHeaders: [(name: String, value: String)] {
    content.isExplained ? [(Self.headerName, compactText)] : []
  }
}
