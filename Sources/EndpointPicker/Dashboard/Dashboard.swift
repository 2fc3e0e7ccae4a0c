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

  private let directory: PoolDirectory
  private let decisions: DecisionLog
  private let source: @Sendable (ServedPool) -> DashboardSource
  /// What was gathered last, by pool.
  private let last = Mutex<[String: (time: Double, bytes: [UInt8])]>([:])

  init(
    directory: PoolDirectory, decisions: DecisionLog, source: @escaping @Sendable (ServedPool) -> DashboardSource
  ) {
    self.directory = directory
    self.decisions = decisions
    self.source = source
  }

  /// The configuration in force for a pool, as YAML.
  /// - Parameter pool: its name; nil for the first.
  /// - Returns: nil when there is no such pool.
  func configuration(ofPool pool: String?) -> String? { self.pool(pool)?.current.value.document }

  /// Everything the page shows of a pool, as a JSON object.
  /// - Parameters:
  ///   - pool: its name; nil for the first.
  ///   - sequence: decisions up to this one are left out.
  /// - Returns: nil when there is no such pool.
  func state(ofPool pool: String?, decisionsAfter sequence: UInt64) -> [UInt8]? {
    guard let pool = self.pool(pool) else { return nil }
    var json = JSONWriter(capacity: 1 << 16)
    json.beginObject()
    if directory.isSeveral { json.field("pools", directory.pools.map(\.name)) }
    json.key("pool")
    json.raw(poolState(pool))
    json.key("decisions")
    let records = decisions.records(after: sequence).filter { $0.content.pool == nil || $0.content.pool == pool.name }
    decisions.write(records.suffix(Self.maximumDecisions), to: &json)
    json.endObject()
    return json.bytes
  }

  private func pool(_ name: String?) -> ServedPool? {
    name.flatMap { $0.isEmpty ? nil : $0 }.map { directory.pool(named: $0) } ?? directory.pools.first
  }

  private func poolState(_ pool: ServedPool) -> [UInt8] {
    let source = source(pool)
    let now = source.clock.seconds()
    if let bytes = last.withLock({ last in last[pool.name].flatMap { now - $0.time < Self.lifetime ? $0.bytes : nil } })
    {
      return bytes
    }
    var json = JSONWriter(capacity: 1 << 16)
    source.write(to: &json, now: now)
    last.withLock { last in
      last = last.filter { now - $0.value.time < Self.lifetime }
      last[pool.name] = (now, json.bytes)
    }
    return json.bytes
  }
}
