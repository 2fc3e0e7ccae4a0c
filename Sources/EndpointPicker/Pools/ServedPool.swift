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
  let services: PluginServices
  let saturation: SaturationProbe
  let gauges: PoolGauges
}
