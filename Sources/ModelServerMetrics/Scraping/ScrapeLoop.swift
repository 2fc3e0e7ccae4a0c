import Endpoints
import NIOCore

/// The scrapers of one event loop, driven by one timer.
///
/// One coarse timer for all instead of timers for each: what falls due within a few milliseconds shares a wake-up of the
/// event loop, which costs more than looking at every scraper.
final class ScrapeLoop: @unchecked Sendable {
  // Unchecked: all state is used on the event loop only.
  let eventLoop: any EventLoop
  private let context: ScrapeContext
  /// This loop has the slots whose remainder by `loopCount` is `index`, so that a slot never changes its loop.
  private let index: Int
  private let loopCount: Int
  /// Shortest time between wake-ups, in seconds.
  private let shortestPause: Double
  /// Longest time between wake-ups, in seconds; the clock need not be the one of the event loop.
  private static let longestPause = 0.1
  private var version: UInt64 = 0
  private var scrapers: [Int: EndpointScraper] = [:]
  private var wakeUp: Scheduled<Void>?
  private var isShutDown = false

  init(eventLoop: any EventLoop, index: Int, loopCount: Int, context: ScrapeContext) {
    self.eventLoop = eventLoop
    self.index = index
    self.loopCount = loopCount
    self.context = context
    self.shortestPause = min(max(context.interval / 10, 0.001), 0.01)
  }

  /// Starts, updates and stops scrapers so that they match the set. An older set than the last is ignored.
  func update(_ snapshot: EndpointSnapshot) {
    eventLoop.assertInEventLoop()
    guard !isShutDown, snapshot.version >= version else { return }
    version = snapshot.version
    var old = scrapers
    scrapers.removeAll(keepingCapacity: true)
    for endpoint in snapshot.endpoints where endpoint.slot % loopCount == index {
      if let scraper = old[endpoint.slot], scraper.serves(endpoint) {
        old[endpoint.slot] = nil
        scraper.update(endpoint)
        scrapers[endpoint.slot] = scraper
      }
    }
    for scraper in old.values { scraper.stop() }
    for endpoint in snapshot.endpoints where endpoint.slot % loopCount == index && scrapers[endpoint.slot] == nil {
      scrapers[endpoint.slot] = EndpointScraper(endpoint, context: context, eventLoop: eventLoop)
    }
    wakeUp?.cancel()
    run()
  }

  /// Follows one change of the set, or all since the last one known when some were missed.
  func update(_ changes: EndpointChanges, to snapshot: EndpointSnapshot) {
    eventLoop.assertInEventLoop()
    guard snapshot.version == version + 1 else { return update(snapshot) }
    guard !isShutDown else { return }
    version = snapshot.version
    for endpoint in changes.removed where endpoint.slot % loopCount == index {
      guard let scraper = scrapers[endpoint.slot], scraper.serves(endpoint) else { continue }
      scraper.stop()
      scrapers[endpoint.slot] = nil
    }
    for endpoint in changes.updated + changes.added where endpoint.slot % loopCount == index {
      if let scraper = scrapers[endpoint.slot], scraper.serves(endpoint) {
        scraper.update(endpoint)
      } else {
        scrapers[endpoint.slot]?.stop()
        scrapers[endpoint.slot] = EndpointScraper(endpoint, context: context, eventLoop: eventLoop)
      }
    }
    wakeUp?.cancel()
    run()
  }

  /// Stops all scrapers. Done when their connections are closed.
  func shutDown() -> EventLoopFuture<Void> {
    eventLoop.assertInEventLoop()
    isShutDown = true
    wakeUp?.cancel()
    let closed = scrapers.values.compactMap { $0.stop() }
    scrapers.removeAll()
    return EventLoopFuture.andAllComplete(closed, on: eventLoop)
  }

  /// Does what is due and sleeps until there is more.
  private func run() {
    guard !isShutDown, !scrapers.isEmpty else { return }
    let now = context.clock.now()
    var next = now + Self.longestPause
    for scraper in scrapers.values {
      scraper.tick(now)
      next = min(next, scraper.wakeTime(now))
    }
    let pause = max(next - now, shortestPause)
    wakeUp = eventLoop.scheduleTask(in: .nanoseconds(Int64(pause * 1e9))) { [weak self] in self?.run() }
  }
}
