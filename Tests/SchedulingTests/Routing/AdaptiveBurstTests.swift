import Endpoints
import PickerConfiguration
import Scheduling
import Testing

/// Requests that all come between two scrapes.
@Suite struct AdaptiveBurstTests {
  private let requests = Requests()

  /// Requests placed on each endpoint, the fullest first.
  private func burst(_ profile: RoutingProfile, endpoints count: Int, reserves: Bool = true, prompt: (Int) -> String)
    throws -> [Int]
  {
    let pool = TestPool(count)
    let plugins = try PluginLoader.load(
      try EndpointPickerConfig.load(.profile(profile)), registry: .withDataLayer, endpoints: pool.table)
    pool.cycle.countsPendingRequests = reserves
    var placed = Array(repeating: 0, count: count)
    var placements: [Placement] = []
    for number in 0..<1_000 {
      pool.cycle.begin(try requests.completions([prompt(number)]), now: 0)
      let primary = try plugins.scheduler.schedule(pool.cycle)
      let endpoint = pool.cycle.results[primary].endpoints[0]
      let tokens = plugins.scheduler.reservation(pool.cycle, profile: primary, primary: primary)?.tokens ?? 0
      placements.append(Placement(endpoint, pool.table.reserve(slot: endpoint.slot, promptTokens: tokens)))
      plugins.scheduler.requestPlaced(pool.cycle, primary: primary)
      placed[endpoint.slot] += 1
    }
    for placement in placements { placement.end() }
    return placed.sorted(by: >)
  }

  @Test(arguments: [8, 100])
  func distinctPromptsAreSpreadEvenly(endpoints: Int) throws {
    let placed = try burst(.adaptive, endpoints: endpoints) { number in
      "\(1_000 + number) " + String(repeating: "word ", count: 800)
    }
    #expect(Double(placed[0]) / (1_000 / Double(endpoints)) <= 1.05)
  }

  @Test(arguments: [8, 100])
  func oneSharedPrefixSpillsOver(endpoints: Int) throws {
    let prefix = String(repeating: "shared words ", count: 2_000)
    func prompt(_ number: Int) -> String {
      prefix + "\(1_000 + number) " + String(repeating: "own ", count: 400)
    }
    let adaptive = try burst(.adaptive, endpoints: endpoints, prompt: prompt)
    let likeReference = try burst(.standard, endpoints: endpoints, reserves: false, prompt: prompt)
    print("adaptive, \(endpoints) endpoints, one prefix:", adaptive.prefix(16))
    print("reference-like:", likeReference.prefix(16))
    // Scraped values alone herd; what was placed lets the others take their part.
    #expect(likeReference[0] == 1_000)
    #expect(Double(adaptive[0]) / (1_000 / Double(endpoints)) <= 1.5)
  }
}
