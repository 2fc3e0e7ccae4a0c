import Endpoints
import Scheduling
import Testing

/// `inflight-load-producer`: what a request would add and what it counts (plugin algorithms, load tracking).
@Suite struct InFlightLoadProducerTests {
  private let space = AttributeSpace()
  private let requests = Requests()

  private func producer(_ change: (inout InFlightLoadProducer.Parameters) -> Void = { _ in }) -> InFlightLoadProducer {
    var parameters = InFlightLoadProducer.Parameters()
    change(&parameters)
    return InFlightLoadProducer(
      parameters: parameters, match: PrefixMatchAttributes(space, producer: nil), load: InFlightLoadAttributes(space))
  }

  private func uncached(_ pool: TestPool) -> [Double]? {
    pool.cycle.attribute(InFlightLoadAttributes(space).uncachedRequestTokens).map(Array.init)
  }

  @Test func uncachedTokensAreThoseOfUnmatchedBlocks() throws {
    let pool = TestPool(3)
    pool.cycle.begin(try request(tokens: 700, requests), now: 0)
    // Ten blocks of 64 tokens, and 60 tokens that no block covers.
    pool.match([0, 4, 10], of: 10, space)
    producer().produce(pool.cycle)
    #expect(uncached(pool) == [700, 444, 60])
  }

  @Test func partialLastBlockCountsWhole() throws {
    let pool = TestPool(2)
    pool.cycle.begin(try request(tokens: 100, requests), now: 0)
    pool.match([1, 2], of: 2, space)
    producer().produce(pool.cycle)
    #expect(uncached(pool) == [64, 0])
  }

  @Test func withoutKnowledgeOfTheCacheAllTokensCount() throws {
    let pool = TestPool(2)
    pool.cycle.begin(try request(tokens: 100, requests), now: 0)
    producer().produce(pool.cycle)
    #expect(uncached(pool) == [100, 100])
  }

  private func estimate(_ producer: InFlightLoadProducer) throws -> (tokens: Int, isHeldUntilEnd: Bool) {
    let pool = TestPool(1)
    pool.cycle.begin(try request(tokens: 101, requests), now: 0)
    producer.produce(pool.cycle)
    return producer.estimate(pool.cycle, candidate: 0)
  }

  @Test func answersCountOnlyWhenAsked() throws {
    #expect(try estimate(producer()) == (101, false))
    // 101 · 1.5 = 151.5, away from zero.
    #expect(try estimate(producer { $0.addEstimatedOutputTokens = true }) == (253, true))
    let capped = producer {
      $0.addEstimatedOutputTokens = true
      $0.maxEstimatedOutputTokens = 9
    }
    #expect(try estimate(capped) == (110, true))
    let huge = producer {
      $0.addEstimatedOutputTokens = true
      $0.outputRatio = 1e300
    }
    #expect(try estimate(huge).tokens > 1_000_000)
  }

  @Test func reservationFollowsTheProducer() throws {
    let loaded = try load(
      """
      plugins:
      - {type: inflight-load-producer}
      - {type: always-disagg-pd-decider}
      - {type: disagg-profile-handler, parameters: {deciders: {prefill: always-disagg-pd-decider}}}
      schedulingProfiles: [{name: decode, plugins: []}, {name: prefill, plugins: []}]
      """)
    let pool = TestPool(1)
    pool.cycle.begin(try request(tokens: 64, requests), now: 0)
    let primary = try loaded.scheduler.schedule(pool.cycle)
    for profile in [0, 1] {
      let reservation = loaded.scheduler.reservation(pool.cycle, profile: profile, primary: primary)
      #expect(reservation == LoadReservation(slot: 0, tokens: 64, isHeldUntilEnd: false))
    }
    #expect(loaded.scheduler.reservation(pool.cycle, profile: 2, primary: primary) == nil)
  }

  @Test func withoutProducerTheDestinationCountsItsPrompt() throws {
    let scheduler = Scheduler(
      profiles: ["decode", "prefill"].map { SchedulingProfile(name: $0, picker: RandomPicker()) },
      handler: ScriptedHandler(order: [0, 1], primary: 0))
    let pool = TestPool(1)
    pool.cycle.begin(try request(tokens: 7, requests), now: 0)
    let primary = try scheduler.schedule(pool.cycle)
    #expect(scheduler.reservation(pool.cycle, profile: 0, primary: primary)?.tokens == 7)
    #expect(scheduler.reservation(pool.cycle, profile: 1, primary: primary) == nil)
  }

  /// Listed first, it still runs after the producer whose data it reads.
  @Test func producersRunAfterThoseTheyRead() throws {
    let loaded = try load(
      "plugins: [{type: inflight-load-producer}, {type: token-load-scorer}, {type: prefix-cache-scorer}]")
    #expect(
      loaded.scheduler.producers.map { "\(type(of: $0))" } == [
        "TokenProducer", "ApproximatePrefixCacheProducer", "InFlightLoadProducer",
      ])
  }
}
