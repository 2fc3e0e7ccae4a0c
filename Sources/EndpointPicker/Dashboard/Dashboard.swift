import Synchronization
import Telemetry

/// The page for people, and the data it asks for every other second. Safe to use from any thread.
final class Dashboard: Sendable {
  /// The page: one HTML document that refers to nothing outside of itself.
  static let page = PackageResources.dashboard_html

  /// Several viewers share what was gathered within this time, in seconds.
  private static let lifetime = 0.5
  /// Decisions in one answer.
  private static let maximumDecisions = 50

  private let source: DashboardSource
  private let decisions: DecisionLog
  private let last = Mutex<(time: Double, bytes: [UInt8])>((-.infinity, []))

  init(source: DashboardSource, decisions: DecisionLog) {
    self.source = source
    self.decisions = decisions
  }

  /// The configuration in force, as YAML.
  var configuration: String { source.pool.value.document }

  /// Everything the page shows, as a JSON object.
  /// - Parameter sequence: decisions up to this one are left out.
  func state(decisionsAfter sequence: UInt64) -> [UInt8] {
    var json = JSONWriter(capacity: 1 << 16)
    json.beginObject()
    json.key("pool")
    json.raw(poolState())
    json.key("decisions")
    decisions.write(decisions.records(after: sequence, limit: Self.maximumDecisions), to: &json)
    json.endObject()
    return json.bytes
  }

  private func poolState() -> [UInt8] {
    let now = source.clock.seconds()
    if let bytes = last.withLock({ now - $0.time < Self.lifetime ? $0.bytes : nil }) { return bytes }
    var json = JSONWriter(capacity: 1 << 16)
    source.write(to: &json, now: now)
    last.withLock { $0 = (now, json.bytes) }
    return json.bytes
  }
}
