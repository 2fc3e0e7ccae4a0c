/// How fast a client wants its response, as its headers say (plugin algorithms, headers).
struct LatencyObjectives: Sendable, Hashable {
  /// Milliseconds to the first token; 0 for no objective.
  var ttft = 0.0
  /// Milliseconds for each further token; 0 for no objective.
  var tpot = 0.0

  /// The objectives of a request. The newer names win; what is no number of 0 or more is no objective.
  init(_ request: SchedulingRequest) {
    guard let headers = request.headers else { return }
    ttft = Self.milliseconds(headers, "x-llm-d-slo-ttft-ms", "x-slo-ttft-ms")
    tpot = Self.milliseconds(headers, "x-llm-d-slo-tpot-ms", "x-slo-tpot-ms")
  }

  /// How long a request may take to its first token, in seconds, as a whole number of milliseconds; nil without such an
  /// objective.
  static func timeToFirstToken(_ headers: any RequestHeaders) -> Double? {
    guard let bytes = headers.value(of: "x-llm-d-slo-ttft-ms") ?? headers.value(of: "x-slo-ttft-ms"), bytes.count <= 19,
      let value = Int64(String(decoding: bytes, as: UTF8.self)), value >= 0
    else { return nil }
    return Double(value) * 1e-3
  }

  private static func milliseconds(_ headers: any RequestHeaders, _ name: String, _ olderName: String) -> Double {
    guard let bytes = headers.value(of: name) ?? headers.value(of: olderName), bytes.count <= 32,
      let value = Double(String(decoding: bytes, as: UTF8.self)), value.isFinite
    else { return 0 }
    return max(0, value)
  }
}
