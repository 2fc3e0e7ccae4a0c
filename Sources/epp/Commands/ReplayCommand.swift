import ArgumentParser
import EndpointPicker
import PickerConfiguration
import Replay
import Scheduling

/// `epp replay`: replays a trace under configurations and baselines, and compares them.
struct ReplayCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Replays a trace of requests on the scheduler with simulated servers, and compares configurations.",
    discussion: """
      Replays a trace (JSON lines with timestamp in milliseconds, input_length and output_length in tokens, and \
      hash_ids, one for each 512 tokens of the prompt) or a decision log of epp, kept with --decision-log-block-hashes. \
      Time is simulated; the same input and seed give the same output.
      """)

  static let usageStatus: Int32 = 2
  static let failureStatus: Int32 = 1

  @Option(help: "File with a trace of requests.")
  var trace: String?
  @Option(help: "File with a decision log.")
  var decisions: String?
  @Option(help: "Tokens of answers whose length a decision log does not tell.")
  var outputTokens = 128
  @Option(help: "A configuration to replay; give two to compare them. Without it the built-in default is replayed.")
  var configFile: [String] = []
  @Option(help: "A built-in configuration to replay, default or adaptive; may be repeated.")
  var routingProfile: [RoutingProfile] = []
  @Flag(
    help: """
      Replay the built-in default as the reference runs it too: scorers see scraped values alone, and a server's \
      KV-cache blocks are taken to be as large as those of the index.
      """)
  var asReference = false
  @Option(
    help: """
      A baseline to compare with: round-robin, least-request, random, power-of-two or bounded-hash; may be repeated.
      """)
  var baseline: [Contender.Baseline] = []
  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 1
  @Option(help: "How many times faster than recorded requests arrive.")
  var speed = 1.0
  @Option(
    help: """
      Share of what the servers could do if all their caches were one; sets the speed in place of --speed.
      """)
  var load: Double?
  @Option(help: "Time to first token within which an answer counts as goodput.")
  var targetTtft = "5s"
  @Option(
    help: """
      In place of a trace: groups,requests,prefix,question,output in tokens, for requests of groups that share a prefix.
      """)
  var sharedPrefixes: String?
  @Option(help: "Replicas of the picker, which take requests in turn and share nothing.")
  var replicas = 1
  @Option(help: "Replay only the first requests, so many.")
  var limit: Int?
  @Option(help: "File to write a plot to, as an SVG image.")
  var svg: String?
  @Flag(help: "Print the figures as JSON.")
  var json = false

  @Option(help: "Number of servers. (default: 8, or those of the decision log)")
  var servers: Int?
  @Option(help: "Prompt tokens that a server computes per second.")
  var prefillTokensPerSecond = 8000.0
  @Option(help: "Milliseconds of a step that decodes one sequence.")
  var decodeStepMs = 12.0
  @Option(help: "Milliseconds that each further sequence adds to a step.")
  var decodeStepPerSequenceMs = 0.1
  @Option(help: "Most sequences that a server runs at once.")
  var maxNumSeqs = 256
  @Option(help: "Most tokens that a server computes in one step.")
  var maxBatchedTokens = 2048
  @Option(help: "KV-cache blocks of a server.")
  var numGpuBlocks = 32_768
  @Option(help: "Tokens in a KV-cache block.")
  var blockSize = 16
  @Option(help: "Time between scrapes of a server.")
  var refreshMetricsInterval = "50ms"

  func validate() throws {
    guard [trace, decisions, sharedPrefixes].count(where: { $0 != nil }) == 1 else {
      throw ValidationError("give either --trace or --decisions, or --shared-prefixes")
    }
    guard load == nil || speed == 1 else { throw ValidationError("give either --load or --speed") }
    guard load.map({ $0.isFinite && $0 > 0 }) ?? true else { throw ValidationError("--load must be more than 0") }
    guard GoDuration(targetTtft) != nil else {
      throw ValidationError("--target-ttft must be a duration such as 5s")
    }
    guard outputTokens > 0 else { throw ValidationError("--output-tokens must be more than 0") }
    guard speed.isFinite, speed > 0 else { throw ValidationError("--speed must be more than 0") }
    guard limit ?? 1 > 0 else { throw ValidationError("--limit must be more than 0") }
    guard GoDuration(refreshMetricsInterval) != nil else {
      throw ValidationError("--refresh-metrics-interval must be a duration such as 50ms")
    }
  }

  func perform() async throws -> Int32 {
    let input = try readInput()
    let requests = limit.map { input.trace.prefix($0) } ?? input.trace
    let settings = serverSettings(recorded: input.recorded)
    var runs: [ReplayRun] = []
    for contender in try contenders(settings) {
      runs.append(
        try contender.replay(
          requests.faster(by: load.map { requests.speed(forLoad: $0, on: settings) } ?? speed), on: settings, seed: seed
        ))
    }
    let report = ReplayReport(
      source: Self.name(of: input.path), runs: runs,
      // Picks of a log are of its own servers.
      recorded: servers == nil ? input.recorded.map { Array($0.recordedServers.prefix(requests.requests.count)) } : nil)
    print(json ? report.json : report.text, terminator: "")
    if let svg { try TextFile.write(ReplayPlot(report).svg, to: svg) }
    return 0
  }

  private func readInput() throws -> (path: String, trace: Trace, recorded: RecordedTrace?) {
    if let sharedPrefixes {
      let numbers = sharedPrefixes.split(separator: ",").compactMap { Int($0) }
      guard numbers.count == 5, numbers.allSatisfy({ (1...1_000_000).contains($0) }) else {
        throw ValidationError("--shared-prefixes must be five numbers from 1 to 1000000 with commas between them")
      }
      let trace = Trace.sharedPrefixes(
        groups: numbers[0], requests: numbers[1], prefixTokens: numbers[2], questionTokens: numbers[3],
        outputTokens: numbers[4], seed: seed)
      return ("shared prefixes \(sharedPrefixes)", trace, nil)
    }
    let path = trace ?? decisions ?? ""
    let text = try BoundedFile.text(at: path, limit: 1 << 30)
    if trace != nil { return (path, try Trace.hashTrace(text, source: path), nil) }
    let recorded = try Trace.decisionLog(text, source: path, outputTokens: outputTokens)
    if recorded.requestsWithoutHashes > 0 {
      Epp.report(
        "epp replay: \(recorded.requestsWithoutHashes) requests tell the first block of their prompt only; "
          + "keep the log with --decision-log-block-hashes")
    }
    return (path, recorded.trace, recorded)
  }

  private func contenders(_ settings: ServerSettings) throws -> [Contender] {
    var contenders: [Contender] = []
    if configFile.isEmpty, routingProfile.isEmpty {
      contenders.append(
        Contender(
          name: "default", configuration: try EndpointPickerConfig.load(.builtIn(.llmD)), registry: .standard))
    }
    for path in configFile {
      contenders.append(
        Contender(
          name: Self.name(of: path), configuration: try EndpointPickerConfig.load(.file(path: path)),
          registry: .standard))
    }
    for profile in routingProfile {
      contenders.append(
        Contender(
          name: profile.rawValue, configuration: try EndpointPickerConfig.load(.profile(profile)),
          registry: .standard))
    }
    if asReference {
      contenders.append(
        Contender(
          name: "reference", configuration: try EndpointPickerConfig.load(.text(Self.reference(settings))),
          registry: .standard, reserves: false))
    }
    return contenders + baseline.map { Contender($0) }
  }

  /// The built-in default with the reference's idea of a server's capacity.
  private static func reference(_ settings: ServerSettings) -> String {
    let blockSize = max(64, settings.engine.blockSize)
    return """
      apiVersion: llm-d.ai/v1alpha1
      kind: EndpointPickerConfig
      plugins:
      - type: approx-prefix-cache-producer
        parameters: {autoTune: false, blockSizeTokens: \(blockSize), lruCapacityPerServer: \(settings.engine.blockCount)}
      - type: queue-scorer
      - type: kv-cache-utilization-scorer
      - type: prefix-cache-scorer
      schedulingProfiles:
      - name: default
        plugins:
        - {pluginRef: queue-scorer, weight: 2}
        - {pluginRef: kv-cache-utilization-scorer, weight: 2}
        - {pluginRef: prefix-cache-scorer, weight: 3}
      """
  }

  private func serverSettings(recorded: RecordedTrace?) -> ServerSettings {
    var settings = ServerSettings()
    settings.count = servers ?? recorded.map { max(1, $0.servers.count) } ?? settings.count
    settings.replicas = replicas
    settings.engine.prefillTokensPerSecond = prefillTokensPerSecond
    settings.engine.decodeStepSeconds = decodeStepMs / 1_000
    settings.engine.decodeStepPerSequenceSeconds = decodeStepPerSequenceMs / 1_000
    settings.engine.maxSequences = maxNumSeqs
    settings.engine.maxBatchedTokens = maxBatchedTokens
    settings.engine.blockCount = numGpuBlocks
    settings.engine.blockSize = blockSize
    if let interval = GoDuration(refreshMetricsInterval) { settings.scrapeInterval = interval.seconds }
    if let target = GoDuration(targetTtft) { settings.targetTTFT = target.seconds }
    return settings
  }

  private static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}

extension Contender.Baseline: ExpressibleByArgument {}
extension RoutingProfile: ExpressibleByArgument {}
