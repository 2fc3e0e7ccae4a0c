import Endpoints
import NIOCore

/// The scrapers of one event loop, driven by one timer.
///
/// One coarse tick for all instead of timers for each: at 20 scrapes a second and endpoint, timers would cost more than
/// looking at every scraper.
final class ScrapeLoop: @unchecked Sendable {
  // Unchecked: all state is used on the event loop only.
  let eventLoop: any EventLoop
  private let context: ScrapeContext
  /// This loop has the slots whose remainder by `loopCount` is `index`, so that a slot never changes its loop.
  private let index: Int
  private let loopCount: Int
  private let tickLength: TimeAmount
  private var version: UInt64 = 0
  private var scrapers: [Int: EndpointScraper] = [:]
  private var ticker: RepeatedTask?
  private var isShutDown = false

  init(eventLoop: any EventLoop, index: Int, loopCount: Int, context: ScrapeContext) {
    self.eventLoop = eventLoop
    self.index = index
    self.loopCount = loopCount
    self.context = context
    self.tickLength = .microseconds(Int64(min(max(context.interval * 1e5, 1_000), 10_000)))
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
    if scrapers.isEmpty { stopTicking() } else { startTicking() }
  }

  /// Stops all scrapers. Done when their connections are closed.
  func shutDown() -> EventLoopFuture<Void> {
    eventLoop.assertInEventLoop()
    isShutDown = true
    stopTicking()
    let closed = scrapers.values.compactMap { $0.stop() }
    scrapers.removeAll()
    return EventLoopFuture.andAllComplete(closed, on: eventLoop)
  }

  private func startTicking() {
    guard ticker == nil else { return }
    ticker = eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: tickLength) { [weak self] task in
      guard let self else {
        task.cancel()
        return
      }
      let now = context.clock.now()
      for scraper in scrapers.values { scraper.tick(now) }
    }
  }

  private func stopTicking() {
    ticker?.cancel()
    ticker = nil
  }
}
