import Telemetry

/// What was heard of the servers' caches, and what the precise indexes hold.
struct CacheEventCollector: MetricsCollector {
  /// The feeds of all pools.
  let feeds: @Sendable () -> [CacheEventFeed]

  func collect(into writer: inout MetricsWriter) {
    let readings = feeds().map { (name: $0.name, counts: $0.counters.reading, keys: $0.producer.holders.count) }
    guard !readings.isEmpty else { return }
    writer.family(
      "epp_kv_event_publishers", kind: .gauge, help: "Model servers whose cache events are being received.")
    for item in readings { writer.sample(Double(item.counts.publishers), labels: [("plugin_name", item.name)]) }
    writer.family("epp_kv_event_messages_total", kind: .counter, help: "Messages with cache events received.")
    for item in readings { writer.sample(Double(item.counts.messages), labels: [("plugin_name", item.name)]) }
    writer.family(
      "epp_kv_event_replays_total", kind: .counter, help: "Times that a server repeated its messages to the end.")
    for item in readings { writer.sample(Double(item.counts.replays), labels: [("plugin_name", item.name)]) }
    writer.family("epp_kv_events_total", kind: .counter, help: "Cache events received.")
    for item in readings {
      for event in CacheEventCounters.Event.allCases {
        writer.sample(
          Double(item.counts.events[event, default: 0]),
          labels: [("plugin_name", item.name), ("event", event.rawValue)])
      }
    }
    writer.family(
      "epp_kv_event_problems_total", kind: .counter,
      help: "Messages, connections and blocks of cache events that could not be used.")
    for item in readings {
      for problem in CacheEventCounters.Problem.allCases {
        writer.sample(
          Double(item.counts.problems[problem, default: 0]),
          labels: [("plugin_name", item.name), ("reason", problem.rawValue)])
      }
    }
    writer.family(
      "epp_precise_index_blocks", kind: .gauge, help: "Blocks of model servers remembered in the precise index.")
    for item in readings { writer.sample(Double(item.counts.blocks), labels: [("plugin_name", item.name)]) }
    writer.family(
      "epp_precise_index_keys", kind: .gauge, help: "Different blocks that any endpoint holds or is expected to hold.")
    for item in readings { writer.sample(Double(item.keys), labels: [("plugin_name", item.name)]) }
  }
}
