/// When an endpoint is scraped: at fixed times, one interval apart, which differ from endpoint to endpoint so that
/// scrapes spread evenly. Scrapes that would have begun while one was running are left out, never made up for.
package struct ScrapeSchedule {
  /// A new endpoint is scraped for the first time within this many seconds, also if the interval is longer.
  package static let longestFirstDelay = 0.05

  private let interval: Double
  /// Place of the endpoint within the interval, 0..<1.
  private let fraction: Double

  /// - Parameter interval: seconds, positive.
  package init(interval: Double, slot: Int) {
    self.interval = interval
    // Multiples of the golden ratio lie evenly in 0..<1 however many there are.
    let multiple = Double(slot) * 0.618_033_988_749_894_9
    self.fraction = multiple - multiple.rounded(.down)
  }

  /// The first scrape of an endpoint added now.
  package func first(after now: Double) -> Double { now + fraction * min(interval, Self.longestFirstDelay) }

  /// The first regular time after now.
  package func next(after now: Double) -> Double {
    let phase = fraction * interval
    let next = (((now - phase) / interval).rounded(.down) + 1) * interval + phase
    // Rounding can give `now` itself.
    return next > now ? next : next + interval
  }
}
