import Endpoints
import InferenceAPI
import PickerConfiguration
import Scheduling

/// Decisions with the built-in configuration: parse, hash, match, score, pick, reserve.
enum SchedulingBenchmarks {
  static var all: [MicroBenchmark] {
    [
      MicroBenchmark("decide-2k-8-endpoints") { try deciding(endpoints: 8) },
      MicroBenchmark("decide-2k-1000-endpoints") { try deciding(endpoints: 1_000) },
      MicroBenchmark("decide-adaptive-2k-8-endpoints") { try deciding(endpoints: 8, .profile(.adaptive)) },
      MicroBenchmark("decide-adaptive-2k-1000-endpoints") { try deciding(endpoints: 1_000, .profile(.adaptive)) },
      MicroBenchmark("schedule-8-endpoints") { try scheduling(endpoints: 8) },
      MicroBenchmark("schedule-1000-endpoints") { try scheduling(endpoints: 1_000) },
      MicroBenchmark("schedule-six-scorers-10-endpoints") { try scheduling(endpoints: 10, sixScorers) },
      MicroBenchmark("schedule-six-scorers-1000-endpoints") { try scheduling(endpoints: 1_000, sixScorers) },
    ]
  }

  private struct Inert: Plugin {}

  private static let sixScorers = EndpointPickerConfig.Origin.text(
    """
    apiVersion: llm-d.ai/v1alpha1
    kind: EndpointPickerConfig
    plugins:
    - type: queue-scorer
    - type: kv-cache-utilization-scorer
    - type: running-requests-size-scorer
    - type: lora-affinity-scorer
    - type: prefix-cache-scorer
    - type: active-request-scorer
    schedulingProfiles:
    - name: default
      plugins:
      - pluginRef: queue-scorer
        weight: 2
      - pluginRef: kv-cache-utilization-scorer
        weight: 2
      - pluginRef: running-requests-size-scorer
      - pluginRef: lora-affinity-scorer
      - pluginRef: prefix-cache-scorer
        weight: 3
      - pluginRef: active-request-scorer
    """)

  private static func plugins(_ table: EndpointTable, _ source: EndpointPickerConfig.Origin) throws -> LoadedPlugins {
    var registry = PluginRegistry.builtIn
    for type in ["metrics-data-source", "core-metrics-extractor"] {
      registry.register(PluginRegistration(type: type) { _ in Inert() })
    }
    return try PluginLoader.load(
      try EndpointPickerConfig.load(source), registry: registry, endpoints: table)
  }

  private static func table(_ count: Int) -> EndpointTable {
    let table = EndpointTable()
    _ = table.replaceAll(
      with: (0..<count).map { index in
        EndpointDescriptor(
          id: EndpointID(namespace: "default", name: "pod-\(index)"),
          address: EndpointAddress(host: "10.0.\(index / 250).\(index % 250)", port: 8_000))
      })
    for endpoint in table.snapshot().endpoints {
      table.store(Double(endpoint.slot % 5), in: .waitingQueueSize, slot: endpoint.slot)
      table.store(Double(endpoint.slot % 7) / 10, in: .kvCacheUsage, slot: endpoint.slot)
    }
    return table
  }

  /// Without a body: filters, scorers and picker alone.
  private static func scheduling(
    endpoints: Int, _ source: EndpointPickerConfig.Origin = .builtIn(.llmD)
  ) throws -> () throws -> Void {
    let table = table(endpoints)
    let scheduler = try plugins(table, source).scheduler
    let cycle = SchedulingCycle(table: table, seed: 1)
    let request = SchedulingRequest()
    return {
      cycle.begin(request, now: 1)
      let primary = try scheduler.schedule(cycle)
      let lease = table.reserve(slot: cycle.results[primary].endpoints[0].slot, promptTokens: 0)
      scheduler.requestPlaced(cycle, primary: primary)
      consume(lease.promptTokens)
    }
  }

  /// A body of 2 KB whose prompt has been seen before. Where the configuration has flow control, the request asks for its
  /// turn with what it costs; the queues themselves are left out.
  private static func deciding(
    endpoints: Int, _ source: EndpointPickerConfig.Origin = .builtIn(.llmD)
  ) throws -> () throws -> Void {
    let table = table(endpoints)
    let plugins = try plugins(table, source)
    let scheduler = plugins.scheduler
    var saturation = plugins.flowControl.map { _ in PoolSaturation(plugins.saturationDetector, endpoints: table) }
    let readsWork = plugins.flowControl?.readsUncachedTokens == true
    let cycle = SchedulingCycle(table: table, seed: 1)
    let context = RequestParsingContext()
    let parser = OpenAIParser()
    let body = RequestBenchmarks.chatBody(2_048)
    let padded = body + [UInt8](repeating: 0, count: RequestParsingContext.bodyPadding)
    let path = Array("/v1/chat/completions".utf8)
    var now = 1.0
    return {
      // A thousand in a second, so that what is computed at intervals is in the figures.
      now += 0.001
      try padded.withUnsafeBytes { bytes in
        try path.withUnsafeBytes { path in
          var request = SchedulingRequest()
          let inference = try parser.parse(
            body: UnsafeRawBufferPointer(rebasing: bytes[..<body.count]), path: path, context: context)
          request.targetModel = inference.model ?? request.targetModel
          request.inference = inference
          request.bodyBytes = body.count
          cycle.begin(request, now: now)
          if readsWork { consume(Int(scheduler.leastUncachedTokens(cycle) ?? 0)) }
          if let reading = saturation?.read(now: now) { consume(Int(reading.effective)) }
          let primary = try scheduler.schedule(cycle)
          let lease = table.reserve(
            slot: cycle.results[primary].endpoints[0].slot, promptTokens: request.promptTokens)
          scheduler.requestPlaced(cycle, primary: primary)
          consume(lease.promptTokens)
        }
      }
    }
  }
}
