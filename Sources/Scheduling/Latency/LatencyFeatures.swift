import InferenceAPI

/// What a latency model knows of a request and an endpoint (plugin algorithms, latency prediction, request features).
struct LatencyFeatures: Sendable {
  var kvCacheUsage: Double
  var inputLength: Int
  var waitingRequests: Int
  var runningRequests: Int
  /// Part of the prompt that the endpoint has cached, 0…1.
  var prefixMatch: Double
  var podType: String
  /// Prompt tokens of requests on the endpoint that wait for their first token.
  var prefillTokens: Int

  /// The whole of a number that came from another process; 0 for one that is none.
  static func count(_ value: Double) -> Int { value > 0 ? Int(min(value, 1e15)) : 0 }

  /// A number limited to 0…1; 0 for NaN.
  static func share(_ value: Double) -> Double { value > 0 ? min(value, 1) : 0 }

  /// Appends the members of a JSON object, without its braces.
  /// - Parameter generatedTokens: tokens of the response so far.
  func append(to text: inout [UInt8], generatedTokens: Int) {
    text += "\"kv_cache_percentage\":\(kvCacheUsage),\"input_token_length\":\(inputLength)".utf8
    text += ",\"num_request_waiting\":\(waitingRequests),\"num_request_running\":\(runningRequests)".utf8
    text += ",\"num_tokens_generated\":\(generatedTokens),\"prefix_cache_score\":\(prefixMatch),\"pod_type\":".utf8
    text += Array(podType.utf8).withUnsafeBytes { JSONText.string($0) }
    text += ",\"prefill_tokens_in_flight\":\(prefillTokens),\"decode_tokens_in_flight\":0".utf8
  }

  /// The words of a request's prompts, by which the older family measures them; tokens where the prompt came as such. The
  /// role of a message counts as a word.
  static func wordCount(_ request: SchedulingRequest) -> Int {
    guard let inference = request.inference, !inference.isTokenized else { return request.promptTokens }
    var count = 0
    for segment in inference.prompts.segments {
      var isInside = false
      for byte in segment {
        let isSpace = byte == 0x20 || (0x09...0x0D).contains(byte)
        if !isSpace, !isInside { count += 1 }
        isInside = !isSpace
      }
    }
    return count
  }
}
