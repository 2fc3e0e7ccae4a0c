import Foundation

/// A trace made of a decision log, with what the log knows of the servers.
public struct RecordedTrace: Sendable, Hashable {
  /// The requests.
  public let trace: Trace
  /// Addresses of the servers in the log, sorted.
  public let servers: [String]
  /// Requests whose prompt is told by its first block only, because the log was kept without block hashes.
  public let requestsWithoutHashes: Int

  /// The recorded pick of each request as an index of ``servers``; nil where the request was turned away.
  public var recordedServers: [Int?] {
    let places = Dictionary(uniqueKeysWithValues: zip(servers, servers.indices))
    return trace.requests.map { $0.recordedEndpoint.flatMap { places[$0] } }
  }
}

extension Trace {
  /// One line of the decision log, as far as a replay needs it.
  private struct DecisionLine: Decodable {
    struct Score: Decodable {
      let endpoint: String
    }

    struct Response: Decodable {
      let output_tokens: Int?
    }

    let v: Int
    let time: String
    let target_model: String?
    let prompt_tokens: Int?
    let block_tokens: Int?
    let prefix_group: String?
    let block_hashes: [String]?
    let endpoint: String?
    let scores: [Score]?
    let response: Response?
  }

  /// Reads a decision log of the picker (format version 1), as written with `--decision-log-file` and
  /// `--decision-log-block-hashes`.
  /// - Parameter outputTokens: tokens of answers of which the log does not tell.
  /// - Throws: ``ReplayError`` naming the line that cannot be read.
  public static func decisionLog(
    _ lines: String, source: String, outputTokens: Int = 128
  ) throws(ReplayError) -> RecordedTrace {
    var reader = DecisionLogReader(source: source, outputTokens: outputTokens)
    for (number, line) in lines.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      guard line.contains(where: { !$0.isWhitespace }) else { continue }
      try reader.read(line, place: "\(source):\(number + 1)")
    }
    return try reader.finish()
  }

  private struct DecisionLogReader {
    let source: String
    let outputTokens: Int
    private let decoder = JSONDecoder()
    private var requests: [ReplayRequest] = []
    private var servers: Set<String> = []
    private var tokensPerBlock: Int?
    private var withoutHashes = 0

    init(source: String, outputTokens: Int) {
      self.source = source
      self.outputTokens = outputTokens
    }

    mutating func read(_ text: Substring, place: String) throws(ReplayError) {
      let line: DecisionLine
      do {
        line = try decoder.decode(DecisionLine.self, from: Data(text.utf8))
      } catch {
        throw ReplayError("\(place): not a line of a decision log: \(words(error))")
      }
      guard line.v == 1 else { throw ReplayError("\(place): format version \(line.v) is not known") }
      guard let seconds = Self.seconds(line.time) else {
        throw ReplayError("\(place): time must be such as 2026-02-03T04:05:06.789Z, not \"\(line.time)\"")
      }
      let promptTokens = line.prompt_tokens ?? 0
      try check(promptTokens, in: 0...maximumTokens, "prompt_tokens", place)
      let answer = line.response?.output_tokens ?? outputTokens
      try check(answer, in: 0...maximumTokens, "output_tokens", place)
      try note(blockTokens: line.block_tokens, place)
      servers.formUnion((line.scores ?? []).map(\.endpoint))
      if let endpoint = line.endpoint { servers.insert(endpoint) }
      requests.append(
        ReplayRequest(
          arrival: seconds, promptTokens: promptTokens, outputTokens: max(1, answer), blocks: try blocks(line, place),
          model: line.target_model ?? "model", recordedEndpoint: line.endpoint))
    }

    private mutating func note(blockTokens: Int?, _ place: String) throws(ReplayError) {
      guard let blockTokens else { return }
      try check(blockTokens, in: 1...maximumTokens, "block_tokens", place)
      guard tokensPerBlock ?? blockTokens == blockTokens else {
        throw ReplayError("\(place): block_tokens changes from \(tokensPerBlock ?? 0) to \(blockTokens) within the log")
      }
      tokensPerBlock = blockTokens
    }

    private mutating func blocks(_ line: DecisionLine, _ place: String) throws(ReplayError) -> [UInt64] {
      if line.block_hashes == nil, line.prefix_group != nil { withoutHashes += 1 }
      var blocks: [UInt64] = []
      for text in line.block_hashes ?? [line.prefix_group].compactMap(\.self) {
        guard let hash = UInt64(text, radix: 16) else {
          throw ReplayError("\(place): a block hash must be hexadecimal, not \"\(text)\"")
        }
        blocks.append(hash)
      }
      return blocks
    }

    func finish() throws(ReplayError) -> RecordedTrace {
      guard let start = requests.map(\.arrival).min() else {
        throw ReplayError("\(source): there are no decisions in it")
      }
      let shifted = requests.map { request in
        var request = request
        request.arrival -= start
        return request
      }
      return RecordedTrace(
        trace: Trace(requests: shifted, tokensPerBlock: tokensPerBlock ?? 64), servers: servers.sorted(),
        requestsWithoutHashes: withoutHashes)
    }

    private static func seconds(_ text: String) -> Double? {
      // The date first and the fraction by hand: dates keep milliseconds only.
      guard let dot = text.firstIndex(of: "."), text.last == "Z" else {
        return (try? Date(text, strategy: .iso8601))?.timeIntervalSince1970
      }
      guard let date = try? Date(text[..<dot] + "Z", strategy: .iso8601),
        let fraction = Double("0" + text[dot...].dropLast())
      else { return nil }
      return date.timeIntervalSince1970 + fraction
    }
  }
}
