import Replay
import Testing

@Suite("Decision logs")
struct DecisionLogTests {
  private func line(_ time: String, _ more: String) -> String {
    #"{"v":1,"time":"\#(time)","request_id":"r","target_model":"m","priority":0,"body_bytes":9,"candidates":2,\#(more)}"#
  }

  @Test("Lines become requests with their blocks, sizes and picks")
  func reads() throws {
    let log = [
      line(
        "2026-02-03T04:05:07.250000Z",
        #""prompt_tokens":130,"block_tokens":64,"block_hashes":["0a","ff","10"],"endpoint":"10.0.0.2:8000","#
          + #""scores":[{"endpoint":"10.0.0.1:8000","total":1}],"response":{"output_tokens":7}"#),
      line("2026-02-03T04:05:06Z", #""prompt_tokens":64,"block_tokens":64,"prefix_group":"0a""#),
    ].joined(separator: "\n")
    let recorded = try Trace.decisionLog(log, source: "log", outputTokens: 50)
    #expect(
      recorded.trace.requests == [
        ReplayRequest(arrival: 0, promptTokens: 64, outputTokens: 50, blocks: [10], model: "m"),
        ReplayRequest(
          arrival: 1.25, promptTokens: 130, outputTokens: 7, blocks: [10, 255, 16], model: "m",
          recordedEndpoint: "10.0.0.2:8000"),
      ])
    #expect(recorded.trace.tokensPerBlock == 64)
    #expect(recorded.servers == ["10.0.0.1:8000", "10.0.0.2:8000"])
    #expect(recorded.recordedServers == [nil, 1])
    #expect(recorded.requestsWithoutHashes == 1)
  }

  @Test("A report counts how often a policy differs from the record")
  func differs() throws {
    let lines = (0..<4).map { index in
      line("2026-02-03T04:05:0\(index).0Z", #""prompt_tokens":64,"endpoint":"10.0.0.\#(index % 2):80""#)
    }
    let recorded = try Trace.decisionLog(lines.joined(separator: "\n"), source: "log")
    var settings = ServerSettings()
    settings.count = recorded.servers.count
    let run = try Contender(.roundRobin).replay(recorded.trace, on: settings, seed: 1)
    let report = ReplayReport(source: "log", runs: [run], recorded: recorded.recordedServers)
    #expect(report.recordedDisagreement == [0])
    #expect(report.text.contains("other server than recorded"))
  }

  @Test(
    "A bad line is named with what is wrong",
    arguments: [
      ("{}", "there is no v"), (#"{"v":2,"time":"x"}"#, "format version 2 is not known"),
      (#"{"v":1,"time":"x"}"#, "time must be such as"),
      (#"{"v":1,"time":"2026-02-03T04:05:06Z","prompt_tokens":-4}"#, "prompt_tokens must be 0 to"),
      (#"{"v":1,"time":"2026-02-03T04:05:06Z","block_hashes":["xyz"]}"#, "a block hash must be hexadecimal"),
    ])
  func refuses(_ bad: String, _ reason: String) {
    let error = #expect(throws: ReplayError.self) { try Trace.decisionLog(bad, source: "log") }
    #expect(error?.description.hasPrefix("log:1: ") == true)
    #expect(error?.description.contains(reason) == true)
  }
}
