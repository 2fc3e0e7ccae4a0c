import EndpointPicker
import Foundation
import Scheduling
import Testing

@Suite struct DecisionLogTests {
  private struct Line: Decodable {
    struct Filter: Decodable, Equatable {
      let name: String
      let left: Int
      let dropped: [String]
    }

    struct Score: Decodable {
      let endpoint: String
      let total: Double
      let scorers: [String: Double]
    }

    struct Response: Decodable {
      let status: Int?
      let output_tokens: Int?
    }

    let v: Int
    let time: String
    let request_id: String
    let model: String?
    let target_model: String
    let prompt_tokens: Int?
    let endpoint: String?
    let candidates: Int
    let filters: [Filter]
    let weights: [String: Double]
    let scores: [Score]
    let response: Response?
  }

  private func lines(_ log: DecisionLog) throws -> [Line] {
    try log.lines.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Line.self, from: Data($0)) }
  }

  @Test func keepsTheLatestInOrder() throws {
    let log = DecisionLog(capacity: 3)
    for id in ["1", "2", "3", "4", "5"] { _ = log.append(try Decisions.content(id)) }
    #expect(try lines(log).map(\.request_id) == ["3", "4", "5"])
    #expect(log.records(after: 3).map(\.sequence) == [4, 5])
    #expect(log.records(after: 0, limit: 2).map(\.sequence) == [4, 5])
    #expect(log.records(after: 99).isEmpty)
  }

  @Test func takesNoMoreThanItsShareOfASecond() {
    let log = DecisionLog(capacity: 10, decisionsPerSecond: 2)
    #expect((0..<5).map { _ in log.wantsSample(now: 7.1) } == [true, true, false, false, false])
    #expect(log.wantsSample(now: 8.0))
    #expect(!DecisionLog(decisionsPerSecond: 0).wantsSample(now: 1))
  }

  @Test func aLineTellsWhatWasDecidedAndWhy() throws {
    let log = DecisionLog()
    let record = log.append(try Decisions.content("abc"))
    let line = try #require(try lines(log).first)
    #expect(line.v == 1)
    #expect(line.time == "2023-11-14T22:13:20.123456Z")
    #expect(line.request_id == "abc")
    #expect(line.model == "llama" && line.target_model == "llama-v2")
    #expect(line.prompt_tokens == 20)
    #expect(line.endpoint == "10.0.0.0:8000")
    #expect(line.candidates == 3)
    #expect(line.filters == [Line.Filter(name: "few", left: 2, dropped: ["10.0.0.2:8000"])])
    #expect(line.weights == ["rank": 2, "again": 0.5])
    #expect(line.scores.map(\.endpoint) == ["10.0.0.0:8000", "10.0.0.1:8000"])
    #expect(line.scores.map(\.total) == [2.5, 1.25])
    #expect(line.scores.last?.scorers == ["rank": 0.5, "again": 0.5])
    #expect(line.response == nil)

    var outcome = DecisionRecord.Outcome()
    outcome.status = 200
    outcome.outputTokens = 17
    log.ended(record, outcome)
    let ended = try #require(try lines(log).first?.response)
    #expect(ended.status == 200 && ended.output_tokens == 17)
  }

  @Test func aThousandEndpointsDoNotMakeALongLine() throws {
    let log = DecisionLog()
    _ = log.append(try Decisions.content(endpoints: 1_000, dropped: 500))
    let line = try #require(try lines(log).first)
    #expect(line.candidates == 1_000)
    #expect(line.filters.first?.left == 500)
    #expect(line.filters.first?.dropped.count == 16)
    #expect(line.scores.count == 16)
    #expect(log.lines.count < 4_096)
  }

  @Test func theHeaderIsBounded() throws {
    for count in [1, 3, 100, 1_000] {
      var content = try Decisions.content(endpoints: count, dropped: 0)
      content.isExplained = true
      let record = DecisionRecord(content)
      let text = record.compactText
      #expect(text.utf8.count <= DecisionRecord.maximumHeaderBytes)
      #expect(text.utf8.allSatisfy { (0x20..<0x7F).contains($0) })
      let parsed = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      let scores = try #require(parsed["scores"] as? [[Any]])
      #expect(scores.first?.first as? String == "10.0.0.0:8000")
      #expect((parsed["more"] as? Int) == count - scores.count)
      #expect(record.metadata.count == 1)
      #expect(record.responseHeaders.count == 1)
    }
  }

  @Test func onlyWhoAsksIsTold() throws {
    let quiet = DecisionRecord(try Decisions.content())
    #expect(quiet.metadata.isEmpty && quiet.responseHeaders.isEmpty)
    var content = try Decisions.content()
    content.emitsScores = true
    let scores = DecisionRecord(content)
    #expect(scores.responseHeaders.isEmpty)
    #expect(scores.metadata.map(\.parent) == Array(repeating: "x-gateway-destination-endpoint-scores", count: 2))
    #expect(scores.metadata.map(\.key) == ["10.0.0.0:8000", "10.0.0.1:8000"])
    #expect(scores.metadata.map(\.value) == [.number(2.5), .number(1.25)])
  }
}
