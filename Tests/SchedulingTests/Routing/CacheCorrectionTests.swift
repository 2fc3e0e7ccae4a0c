import Endpoints
import PrefixCache
import Scheduling
import Testing

/// What servers say of their caches limits what is remembered of them.
@Suite struct CacheCorrectionTests {
  private let requests = Requests()
  private let pool = TestPool(1)
  private let services = PluginServices()

  private var producer: String { "approx-prefix-cache-producer" }

  private func scheduler(_ parameters: String = "") throws -> (Scheduler, [any PlacementFollower]) {
    let loaded = try load(
      "plugins:\n- type: prefix-cache-scorer\n- {type: \(producer), parameters: {\(parameters)}}",
      endpoints: pool.table, services: services)
    return (loaded.scheduler, loaded.instances.compactMap { $0.plugin as? any PlacementFollower })
  }

  /// Places a prompt of 100 blocks of 64 tokens, of which the server says that it had this part.
  private func serve(
    _ text: String, cached: Double, _ plugins: (scheduler: Scheduler, followers: [any PlacementFollower])
  ) throws {
    let placement = try pool.place(
      try requests.chat(String(repeating: text, count: 6_400)), by: plugins.scheduler)
    let note = PlacementNote()
    note.take(pool.cycle, followers: plugins.followers)
    note.requestServed(
      slot: placement.endpoint.slot, cachedShare: cached, followers: plugins.followers, table: pool.table)
  }

  private var remembered: Int { services.prefixIndex(named: producer) { PrefixIndex() }.entryCount }

  @Test func aServerThatHadLessThanBelievedIsTakenToHoldLess() throws {
    let plugins = try scheduler("lruCapacityPerServer: 1000")
    for _ in 0..<200 { try serve("abcd", cached: 0, plugins) }
    for number in 0..<20 { try serve("\(1_000 + number)", cached: 0, plugins) }
    #expect(remembered <= 110, "of a thousand blocks, the least that is kept")
    #expect(remembered > 0)
  }

  @Test func aServerThatAgreesKeepsItsCapacity() throws {
    let plugins = try scheduler("lruCapacityPerServer: 1000")
    try serve("abcd", cached: 0, plugins)
    for _ in 0..<50 { try serve("abcd", cached: 0.95, plugins) }
    for number in 0..<20 { try serve("\(1_000 + number)", cached: 0, plugins) }
    #expect(remembered > 950)
  }

  @Test func aServerThatCachesAgainGetsItsCapacityBack() throws {
    let plugins = try scheduler("lruCapacityPerServer: 1000")
    for _ in 0..<60 { try serve("abcd", cached: 0, plugins) }
    for _ in 0..<400 { try serve("abcd", cached: 1, plugins) }
    for number in 0..<20 { try serve("\(1_000 + number)", cached: 0, plugins) }
    #expect(remembered > 950)
  }

  @Test func aConfiguredCapacityIsNotCorrected() throws {
    let plugins = try scheduler("lruCapacityPerServer: 1000, autoTune: false, blockSizeTokens: 64")
    for _ in 0..<200 { try serve("abcd", cached: 0, plugins) }
    for number in 0..<20 { try serve("\(1_000 + number)", cached: 0, plugins) }
    #expect(remembered > 950)
  }
}
