import Foundation

extension Trace {
  /// Tokens that one hash id stands for in published traces of this form.
  public static let tokensPerHashID = 512
  /// The longest prompt accepted, in tokens.
  static let maximumTokens = 16 << 20

  private struct HashLine: Decodable {
    let timestamp: Double
    let input_length: Int
    let output_length: Int
    let hash_ids: [Int]
  }

  /// Reads a trace of JSON lines with `timestamp` (milliseconds), `input_length`, `output_length` (tokens) and
  /// `hash_ids` (one for each 512 tokens of the prompt), the form in which Mooncake's traces are published.
  /// - Throws: ``ReplayError`` naming the line that cannot be read.
  public static func hashTrace(_ lines: String, source: String) throws(ReplayError) -> Trace {
    let decoder = JSONDecoder()
    var requests: [ReplayRequest] = []
    for (number, line) in lines.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      guard line.contains(where: { !$0.isWhitespace }) else { continue }
      let place = "\(source):\(number + 1)"
      let decoded: HashLine
      do {
        decoded = try decoder.decode(HashLine.self, from: Data(line.utf8))
      } catch {
        throw ReplayError(
          "\(place): expected an object with timestamp, input_length, output_length and hash_ids: \(words(error))")
      }
      guard decoded.timestamp.isFinite, decoded.timestamp >= 0 else {
        throw ReplayError("\(place): timestamp must be 0 or more, not \(decoded.timestamp)")
      }
      try check(decoded.input_length, in: 0...maximumTokens, "input_length", place)
      try check(decoded.output_length, in: 0...maximumTokens, "output_length", place)
      let blocks = (decoded.input_length + tokensPerHashID - 1) / tokensPerHashID
      requests.append(
        ReplayRequest(
          arrival: decoded.timestamp / 1_000, promptTokens: decoded.input_length,
          outputTokens: max(1, decoded.output_length),
          blocks: decoded.hash_ids.prefix(blocks).map { UInt64(bitPattern: Int64($0)) }))
    }
    guard !requests.isEmpty else { throw ReplayError("\(source): there are no requests in it") }
    return Trace(requests: requests, tokensPerBlock: tokensPerHashID)
  }

  static func check(
    _ value: Int, in range: ClosedRange<Int>, _ field: String, _ place: String
  ) throws(ReplayError) {
    guard range.contains(value) else {
      throw ReplayError("\(place): \(field) must be \(range.lowerBound) to \(range.upperBound), not \(value)")
    }
  }

  static func words(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "there is no \(key.stringValue)"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has another type"
    default: "not JSON"
    }
  }
}
