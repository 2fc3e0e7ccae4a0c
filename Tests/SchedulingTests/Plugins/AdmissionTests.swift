import Endpoints
import Scheduling
import Testing

/// Who is turned away (plugin algorithms, admission).
@Suite struct AdmissionTests {
  @Test func onlyNegativePrioritiesAreShedAndOnlyWhenSaturated() {
    #expect(PriorityShedding.sheds(priority: -1, saturation: 1))
    #expect(PriorityShedding.sheds(priority: -1, saturation: 7))
    #expect(!PriorityShedding.sheds(priority: -1, saturation: 0.999))
    #expect(!PriorityShedding.sheds(priority: 0, saturation: 2))
    var wasAsked = false
    func saturation() -> Double {
      wasAsked = true
      return 2
    }
    let sheds = PriorityShedding.sheds(priority: 5, saturation: saturation())
    #expect(!sheds)
    #expect(!wasAsked)
  }

  private func pool(queues: [Double], usages: [Double], updates: [Double], priority: Int = -1) -> TestPool {
    let pool = TestPool(queues.count)
    pool.store(.waitingQueueSize, queues)
    pool.store(.kvCacheUsage, usages)
    pool.store(.updatedAt, updates)
    var request = SchedulingRequest()
    request.priority = priority
    pool.cycle.begin(request, now: 0)
    return pool
  }

  private func admitter(power: Double = 2, k: Double = 1) -> ProbabilisticAdmitter {
    var parameters = ProbabilisticAdmitter.Parameters()
    parameters.queueDepthThreshold = 4
    parameters.kvCacheUtilThreshold = 0.5
    parameters.power = power
    parameters.k = k
    return ProbabilisticAdmitter(parameters: parameters)
  }

  @Test func probabilityFollowsSaturation() {
    // max(1/4, 1/2) = 1/2, max(1/2, 0) = 1/2, never scraped = 1, idle = 0: mean 1/2.
    let pool = pool(queues: [1, 2, 0, 0], usages: [0.25, 0, 0, 0], updates: [1, 1, 0, 1])
    #expect(admitter().denialProbability(pool.cycle) == 0.25)
    #expect(admitter(power: 1, k: 0.5).denialProbability(pool.cycle) == 0.25)
    #expect(admitter(k: 300).denialProbability(pool.cycle) == 1)
    #expect(ProbabilisticAdmitter().denialProbability(TestPool(0).cycle) == 0)
  }

  @Test func deniesSheddableRequestsThatOften() {
    let pool = pool(queues: [2], usages: [0], updates: [1])
    let denied = (0..<4_000).filter { _ in admitter().denial(pool.cycle) != nil }.count
    #expect(ChiSquare.statistic([denied, 4_000 - denied], shares: [1, 3]) < ChiSquare.limits[2] ?? 0)
    let full = self.pool(queues: [9], usages: [1], updates: [1], priority: 0)
    #expect(admitter(k: 300).denial(full.cycle) == nil)
  }

  @Test func schedulerAsksAdmittersOnceProducersRan() throws {
    final class Asker: Admitter, Producer {
      func produce(_ cycle: SchedulingCycle) { cycle.peerEndpoint = cycle.endpoint(0) }
      func denial(_ cycle: SchedulingCycle) -> String? { cycle.peerEndpoint == nil ? "not produced" : "no" }
    }
    let asker = Asker()
    let scheduler = Scheduler(
      profiles: [SchedulingProfile(name: "default", picker: RandomPicker())], handler: SingleProfileHandler(),
      producers: [asker], admitters: [asker])
    let pool = TestPool(1)
    #expect(scheduler.denial(of: pool.cycle) == "no")
    #expect(try load("plugins: [{type: probabilistic-admitter}]").scheduler.admitters.count == 1)
    #expect(try load("plugins: [{type: queue-scorer}]").scheduler.denial(of: pool.cycle) == nil)
  }

  @Test(arguments: ["queueDepthThreshold", "kvCacheUtilThreshold", "power", "k"])
  func parametersMustBePositive(name: String) {
    #expect(parameterProblems("probabilistic-admitter", "\(name): 0").first?.contains(name) == true)
  }
}
