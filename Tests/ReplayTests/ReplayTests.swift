import PickerConfiguration
import Replay
import Scheduling
import Testing

/// Conversations that each begin with a long prefix of their own, and come back several times.
private func conversations(_ count: Int, turns: Int, blocks: Int = 12) -> Trace {
  var requests: [ReplayRequest] = []
  for turn in 0..<turns {
    for conversation in 0..<count {
      let own = (0..<blocks + turn).map { UInt64(conversation * 1_000 + $0) }
      requests.append(
        ReplayRequest(
          arrival: Double(turn) * 12 + Double(conversation) * 0.4, promptTokens: own.count * 512, outputTokens: 20,
          blocks: own))
    }
  }
  return Trace(requests: requests, tokensPerBlock: 512)
}

private var fourServers: ServerSettings {
  var settings = ServerSettings()
  settings.count = 4
  return settings
}

private func inertMetrics() throws -> PluginRegistry {
  var registry = PluginRegistry.builtIn
  for type in ["metrics-data-source", "core-metrics-extractor"] {
    registry.register(PluginRegistration(type: type) { _ in InertPlugin() })
  }
  return registry
}

private func builtIn() throws -> Contender {
  Contender(
    name: "default", configuration: try EndpointPickerConfig.load(.builtIn(.llmD)), registry: try inertMetrics())
}

/// Requests wait while every server has half a second of work, the shortest first.
private func queueing(timeToLive: String) throws -> Contender {
  let text = """
    apiVersion: llm-d.ai/v1alpha1
    kind: EndpointPickerConfig
    featureGates: [flowControl]
    plugins:
    - {type: ttft-estimate-scorer, parameters: {fullAfter: 500ms}}
    - {type: shortest-work-ordering-policy}
    schedulingProfiles: [{name: default, plugins: [{pluginRef: ttft-estimate-scorer}]}]
    flowControl:
      saturationDetector: {pluginRef: ttft-estimate-scorer}
      defaultRequestTTL: \(timeToLive)
      defaultPriorityBand: {orderingPolicyRef: shortest-work-ordering-policy}
    """
  return Contender(
    name: "queueing", configuration: try EndpointPickerConfig.load(.text(text)), registry: try inertMetrics())
}

/// A burst on one server: twelve long prompts, then twelve short ones.
private var burst: Trace {
  let requests = (0..<24).map { number in
    let blocks = (0..<(number < 12 ? 16 : 1)).map { UInt64(number * 100 + $0) }
    return ReplayRequest(
      arrival: Double(number) * 0.01, promptTokens: blocks.count * 512, outputTokens: 5, blocks: blocks)
  }
  return Trace(requests: requests, tokensPerBlock: 512)
}

private final class InertPlugin: Plugin {}

@Suite("Replays")
struct ReplayTests {
  @Test("The default configuration finds prefixes again and is ahead of the baselines")
  func ahead() throws {
    let trace = conversations(21, turns: 5)
    let own = try builtIn().replay(trace, on: fourServers, seed: 1).summary
    for baseline in [Contender.Baseline.roundRobin, .leastRequest] {
      let other = try Contender(baseline).replay(trace, on: fourServers, seed: 1).summary
      #expect(own.prefixHitShare > other.prefixHitShare + 0.2)
      #expect(own.timeToFirstToken.mean < other.timeToFirstToken.mean)
    }
    #expect(own.unserved == 0)
  }

  @Test("The same seed gives the same outcomes, another may not")
  func deterministic() throws {
    let trace = conversations(13, turns: 3)
    for contender in [try builtIn(), Contender(.leastRequest)] {
      let first = try contender.replay(trace, on: fourServers, seed: 7)
      #expect(try contender.replay(trace, on: fourServers, seed: 7) == first)
      #expect(try contender.replay(trace, on: fourServers, seed: 8).outcomes != first.outcomes)
    }
  }

  @Test("Round robin takes one server after the other")
  func roundRobin() throws {
    let run = try Contender(.roundRobin).replay(conversations(8, turns: 1), on: fourServers, seed: 1)
    #expect(run.outcomes.map(\.server) == [0, 1, 2, 3, 0, 1, 2, 3])
    #expect(run.summary.prefixHitShare == 0)
  }

  @Test("One request alone takes the time its prompt takes, and repeated it is cached")
  func times() throws {
    var settings = ServerSettings()
    settings.count = 1
    let blocks = (0..<8).map(UInt64.init)
    let requests = [0.0, 10].map {
      ReplayRequest(arrival: $0, promptTokens: 4_096, outputTokens: 1, blocks: blocks)
    }
    let run = try Contender(.roundRobin).replay(
      Trace(requests: requests, tokensPerBlock: 512), on: settings, seed: 1)
    // 4,096 tokens at 8,000 a second; the second time all but the last block of 16 is there.
    #expect(abs((run.outcomes[0].timeToFirstToken ?? 0) - 0.512) < 0.001)
    #expect(run.outcomes[0].queueTime == 0)
    #expect(run.outcomes[1].cachedTokens == 4_080)
    #expect((run.outcomes[1].timeToFirstToken ?? 1) < 0.02)
  }

  @Test("What never fits in a server's cache is turned away, the rest is served")
  func oversized() throws {
    var settings = fourServers
    settings.engine.blockCount = 512
    let trace = Trace(
      requests: [
        ReplayRequest(arrival: 0, promptTokens: 10_000, outputTokens: 1, blocks: []),
        ReplayRequest(arrival: 0.1, promptTokens: 1_000, outputTokens: 1, blocks: []),
      ], tokensPerBlock: 512)
    let run = try builtIn().replay(trace, on: settings, seed: 1)
    #expect(run.summary.unserved == 1)
    #expect(run.outcomes[0].isRefused)
    #expect(run.outcomes[1].latency != nil)
  }

  /// Conversations whose turns come to replicas in turn.
  @Test("With flow control short requests pass long ones that wait, and all are served")
  func queues() throws {
    var settings = ServerSettings()
    settings.count = 1
    let short = 12..<24
    func firstTokens(_ contender: Contender) throws -> [Double] {
      let run = try contender.replay(burst, on: settings, seed: 1)
      #expect(run.summary.unserved == 0)
      return run.outcomes.map { $0.timeToFirstToken ?? .infinity }
    }
    let queued = try firstTokens(queueing(timeToLive: "0s"))
    let inOrder = try firstTokens(builtIn())
    #expect(queued[short].max() ?? 0 < (inOrder[short].min() ?? 0) / 2)
    #expect(queued.max() ?? 0 < (inOrder.max() ?? 0) * 1.1, "the work takes no longer")
  }

  @Test("Requests that wait longer than they may are turned away")
  func expires() throws {
    var settings = ServerSettings()
    settings.count = 1
    let run = try queueing(timeToLive: "3s").replay(burst, on: settings, seed: 1)
    let queued = run.outcomes.compactMap(\.queueTime)
    #expect(run.summary.unserved > 2)
    #expect(queued.count + run.summary.unserved == burst.requests.count)
    // In the queue of the picker three seconds, and behind one or two long prompts of a second in that of the server.
    #expect(queued.max() ?? 0 < 6)
  }

  @Test("Requests behind a gate that never opens are not served, and the replay ends", .timeLimit(.minutes(1)))
  func neverOpens() throws {
    let text = """
      apiVersion: llm-d.ai/v1alpha1
      kind: EndpointPickerConfig
      featureGates: [flowControl]
      plugins: [{type: queue-scorer}, {type: static-usage-limit-policy, parameters: {threshold: 0}}]
      schedulingProfiles: [{name: default, plugins: [{pluginRef: queue-scorer}]}]
      flowControl: {defaultRequestTTL: 0s, usageLimitPolicyPluginRef: static-usage-limit-policy}
      """
    let contender = Contender(
      name: "shut", configuration: try EndpointPickerConfig.load(.text(text)), registry: try inertMetrics())
    #expect(try contender.replay(burst, on: fourServers, seed: 1).summary.unserved == burst.requests.count)
  }

  @Test("Replicas that hash the beginnings of prompts find what others placed")
  func replicas() throws {
    let trace = Trace.sharedPrefixes(
      groups: 300, requests: 3_000, prefixTokens: 2_048, questionTokens: 512, outputTokens: 50, seed: 1)
    func share(_ scorers: [String], replicas: Int) throws -> Double {
      let members =
        [
          "{pluginRef: queue-scorer, weight: 2}", "{pluginRef: kv-cache-utilization-scorer, weight: 2}",
          "{pluginRef: prefix-cache-scorer, weight: 3}",
        ] + scorers.map { "{pluginRef: \($0), weight: 8}" }
      let types = ["queue-scorer", "kv-cache-utilization-scorer", "prefix-cache-scorer"] + scorers
      let text = """
        apiVersion: llm-d.ai/v1alpha1
        kind: EndpointPickerConfig
        plugins: [\(types.map { "{type: \($0)}" }.joined(separator: ", "))]
        schedulingProfiles: [{name: default, plugins: [\(members.joined(separator: ", "))]}]
        """
      var settings = ServerSettings()
      settings.replicas = replicas
      let contender = Contender(
        name: "c", configuration: try EndpointPickerConfig.load(.text(text)), registry: .builtIn)
      let paced = trace.faster(by: trace.speed(forLoad: 0.5, on: settings))
      return try contender.replay(paced, on: settings, seed: 1).summary.prefixHitShare
    }
    let one = try share([], replicas: 1)
    let apart = try share([], replicas: 3)
    let together = try share(["consistent-prefix-scorer"], replicas: 3)
    #expect(one - apart > 0.04, "\(one) and \(apart)")
    #expect(abs(one - together) < 0.02, "\(one) and \(together)")
  }

  @Test("A setting out of its range is named by its flag")
  func settings() {
    var settings = ServerSettings()
    settings.count = 0
    let error = #expect(throws: ReplayError.self) {
      try Contender(.roundRobin).replay(conversations(1, turns: 1), on: settings, seed: 1)
    }
    #expect(error?.description == "--servers must be 1 to 1024, not 0")
  }
}

@Suite("Traces")
struct TraceTests {
  private let line = #"{"timestamp": 1500, "input_length": 600, "output_length": 0, "hash_ids": [7, 8]}"#

  @Test("A line becomes a request")
  func reads() throws {
    let trace = try Trace.hashTrace(line + "\n\n", source: "t")
    #expect(trace.requests == [ReplayRequest(arrival: 1.5, promptTokens: 600, outputTokens: 1, blocks: [7, 8])])
    #expect(trace.faster(by: 3).requests[0].arrival == 0.5)
  }

  /// Two requests share their first two blocks of 16 tokens, with another one in between.
  @Test func reuseDependsOnTheSizeOfTheCache() {
    func request(_ arrival: Double, _ blocks: [UInt64]) -> ReplayRequest {
      ReplayRequest(arrival: arrival, promptTokens: blocks.count * 16, outputTokens: 1, blocks: blocks)
    }
    let trace = Trace(
      requests: [request(0, [1, 2, 3]), request(5, [7, 8]), request(10, [1, 2, 4])], tokensPerBlock: 16)
    #expect(trace.reusableTokens == 32)
    #expect(trace.reusableTokens(cacheTokens: 80) == 32)
    // The ends of prompts go first: of four blocks, the third request finds its first.
    #expect(trace.reusableTokens(cacheTokens: 64) == 32)
    #expect(trace.reusableTokens(cacheTokens: 48) == 16)
    #expect(trace.reusableTokens(cacheTokens: 16) == 0)
  }

  /// 128 tokens, of which 32 are reused, and three steps of one token each with one sequence at a time.
  @Test func speedMakesTheWorkFillTheTime() {
    func request(_ arrival: Double, _ blocks: [UInt64]) -> ReplayRequest {
      ReplayRequest(arrival: arrival, promptTokens: blocks.count * 16, outputTokens: 1, blocks: blocks)
    }
    let trace = Trace(
      requests: [request(0, [1, 2, 3]), request(5, [7, 8]), request(10, [1, 2, 4])], tokensPerBlock: 16)
    var settings = ServerSettings()
    settings.count = 2
    settings.engine.blockCount = 2
    settings.engine.blockSize = 16
    settings.engine.prefillTokensPerSecond = 96
    settings.engine.decodeStepSeconds = 0.1
    settings.engine.decodeStepPerSequenceSeconds = 0
    // All caches together hold four blocks, so 32 tokens are found: 96 take 1 s. One sequence fits at a time, so the
    // three answers take 0.3 s; on two servers that makes 0.65 s of the 10 s that the trace takes.
    #expect(abs(trace.speed(forLoad: 1, on: settings) - 10 / 0.65) < 1e-9)
    #expect(abs(trace.speed(forLoad: 0.5, on: settings) - 5 / 0.65) < 1e-9)
  }

  @Test(
    "A bad line is named with what is wrong",
    arguments: [
      ("{", "t:2: expected an object"), (#"{"timestamp": 1}"#, "there is no input_length"),
      (#"{"timestamp": -1, "input_length": 1, "output_length": 1, "hash_ids": []}"#, "timestamp must be 0 or more"),
      (#"{"timestamp": 1, "input_length": -1, "output_length": 1, "hash_ids": []}"#, "input_length must be 0 to"),
      (#"{"timestamp": 1, "input_length": 1, "output_length": 1, "hash_ids": "x"}"#, "hash_ids has another type"),
    ])
  func refuses(_ bad: String, _ reason: String) {
    let error = #expect(throws: ReplayError.self) { try Trace.hashTrace(line + "\n" + bad, source: "t") }
    #expect(error?.description.contains(reason) == true)
  }

  @Test("An empty file is no trace")
  func empty() {
    #expect(throws: ReplayError("t: there are no requests in it")) { try Trace.hashTrace("\n", source: "t") }
  }
}

@Suite("Reports of replays")
struct ReplayReportTests {
  private func report() throws -> ReplayReport {
    let trace = conversations(9, turns: 2)
    return ReplayReport(
      source: "a & b",
      runs: [
        try Contender(.leastRequest).replay(trace, on: fourServers, seed: 1),
        try Contender(.roundRobin).replay(trace, on: fourServers, seed: 1),
      ])
  }

  @Test("The table has a column for each run and lines of one width")
  func table() throws {
    let lines = try report().text.split(separator: "\n")
    #expect(lines[0].split(separator: " ") == ["least-request", "round-robin"])
    #expect(Set(lines.map(\.count)).count == 1)
    #expect(lines.contains { $0.hasPrefix("prefix hit share") && $0.hasSuffix("%") })
    #expect(lines.last?.hasPrefix("other server than least-request") == true)
  }

  @Test("The plot is closed SVG with a line for each run and its title escaped")
  func plot() throws {
    let svg = ReplayPlot(try report()).svg
    #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
    #expect(svg.split(separator: "<polyline").count == 3)
    #expect(svg.contains("a &amp; b") && !svg.contains("a & b"))
    #expect(!svg.contains("nan") && !svg.contains("inf\""))
  }
}
