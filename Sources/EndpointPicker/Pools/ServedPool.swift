import ModelServerMetrics
import Scheduling

/// A pool while it is served, for streams that begin and for those who observe it.
struct ServedPool: Sendable {
  /// The pool's name.
  let name: String
  /// What is in force for it.
  let current: CurrentPool
  /// What scrapes its endpoints; nil when nothing does.
  let scrapers: ScraperPool?
  /// What hears of its servers' caches; nil when nobody wants to know.
  let cacheEvents: CacheEventService?
  let services: PluginServices
  /// How reading its files again went.
  let reloads: ReloadRecord
  /// Reads its files again.
  let reload: @Sendable () -> Void
  let saturation: SaturationProbe
  let gauges: PoolGauges
}
