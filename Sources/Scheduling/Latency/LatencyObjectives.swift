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

  private static func milliseconds(_ headers: any RequestHeaders, _ name: String, _ olderName: String) -> Double {
    guard let bytes = headers.value(of: name) ?? headers.value(of: olderName), bytes.count <= 32,
      let value = Double(String(decoding: bytes, as: UTF8.self)), value.isFinite
    else { return 0 }
    return max(0, value)
  }
}
