import EndpointPicker
import Foundation
import Scheduling
import Testing

@Suite struct DecisionLogTests {
  private func note(_ ids: [String], in log: DecisionLog) {
    let trace = DecisionTrace.example
    for id in ids { log.append(trace, requestID: id, model: "m", date: Date(timeIntervalSince1970: 0)) }
  }

  @Test func keepsTheLatestInOrder() throws {
    let log = DecisionLog(capacity: 3)
    note(["1", "2", "3", "4", "5"], in: log)
    let ids = try log.lines.split(separator: "\n").map { line in
      try JSONDecoder().decode(Line.self, from: Data(line.utf8)).request_id
    }
    #expect(ids == ["3", "4", "5"])
  }

  @Test func takesNoMoreThanItsShareOfASecond() {
    let log = DecisionLog(capacity: 10, samplesPerSecond: 2)
    #expect((0..<5).map { _ in log.wantsSample(now: 7.1) } == [true, true, false, false, false])
    #expect(log.wantsSample(now: 8.0))
  }

  private struct Line: Decodable {
    let request_id: String
  }
}

extension DecisionTrace {
  /// The trace of a pick between two endpoints.
  fileprivate static var example: DecisionTrace { DecisionTrace(profiles: [ProfileTrace(name: "default")]) }
}
