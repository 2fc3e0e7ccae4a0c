import Endpoints
import Scheduling
import Testing

/// `lora-affinity-scorer` (plugin algorithms, scorers).
@Suite struct LoRAAffinityScorerTests {
  private let store = AdapterStore()
  private let requests = Requests()

  private func set(_ sets: [(active: Set<String>, waiting: Set<String>, maximum: Int)?]) {
    for (slot, set) in sets.enumerated() {
      store.set(set.map { AdapterSet(active: $0.active, waiting: $0.waiting, maximum: $0.maximum) }, slot: slot)
    }
  }

  private func scorer() -> LoRAAffinityScorer { LoRAAffinityScorer(store: store, attributes: AttributeSpace()) }

  @Test func activeThenRoomThenWaiting() throws {
    let pool = TestPool(7)
    set([
      (["mine", "x"], [], 2), (["x"], [], 2), (["x"], ["mine"], 2), (["x"], ["mine"], 3), (["x", "y"], [], 2),
      ([], [], 0), nil,
    ])
    pool.cycle.begin(try requests.chat("hi", model: "mine"), now: 0)
    #expect(scorer().scores(pool.cycle) == [1, 0.8, 0.6, 0.8, 0, 0, 0])
  }

  @Test func baseModelWithoutAdapterMetricsScoresZero() throws {
    let pool = TestPool(2)
    pool.cycle.begin(try requests.chat("hi", model: "llama"), now: 0)
    #expect(scorer().scores(pool.cycle) == [0, 0])
  }

  @Test func changesCountFromTheNextRequest() throws {
    let pool = TestPool(2)
    let scorer = scorer()
    set([(["a"], [], 1), (["b"], [], 1)])
    pool.cycle.begin(try requests.chat("hi", model: "a"), now: 0)
    #expect(scorer.scores(pool.cycle) == [1, 0])
    pool.cycle.begin(try requests.chat("hi", model: "b"), now: 0)
    #expect(scorer.scores(pool.cycle) == [0, 1])
    set([(["b"], [], 1)])
    #expect(scorer.scores(pool.cycle) == [1, 1])
  }

  @Test func candidatesAreFoundBySlot() throws {
    let pool = TestPool(3)
    set([(["a"], [], 1), nil, (["a"], [], 1)])
    // The first slot becomes free, so slots and positions differ.
    pool.table.replaceAll(with: [TestPool.descriptor(2), TestPool.descriptor(3)])
    pool.cycle.begin(try requests.chat("hi", model: "a"), now: 0)
    #expect(scorer().scores(pool.cycle) == [0, 1])
  }

  @Test func manyModelsKeepTheirOwnScores() throws {
    let pool = TestPool(1)
    let scorer = scorer()
    set([(["model-7"], [], 1)])
    for number in 0..<600 {
      pool.cycle.begin(try requests.chat("hi", model: "model-\(number)"), now: 0)
      #expect(scorer.scores(pool.cycle) == [number == 7 ? 1 : 0])
    }
  }

  @Test func storeIsThatOfTheServices() throws {
    let pool = TestPool(1)
    let services = PluginServices(adapters: store)
    let scorer = try makePlugin("lora-affinity-scorer", as: (any Scorer).self, services: services)
    set([(["a"], [], 1)])
    pool.cycle.begin(try requests.chat("hi", model: "a"), now: 0)
    #expect(scorer.scores(pool.cycle) == [1])
  }
}
