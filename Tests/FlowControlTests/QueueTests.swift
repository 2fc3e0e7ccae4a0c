import FlowControl
import Testing

@Suite("Queues in front of the scheduler")
struct QueueTests {
  @Test("the highest priority goes first, whenever it came")
  func priorities() {
    var queues = NamedQueues(settings())
    queues.add("low", priority: -1)
    queues.add("normal", priority: 0)
    queues.add("high", priority: 5)
    #expect(queues.drain() == ["high", "normal", "low"])
    #expect(queues.queues.count == 0 && queues.queues.bytes == 0)
  }

  @Test("nothing goes while the pool is saturated, and everything afterwards")
  func saturation() {
    var queues = NamedQueues(settings())
    queues.add("a")
    #expect(queues.next(saturation: 1) == nil)
    #expect(queues.next(saturation: 1.7) == nil)
    #expect(queues.queues.count == 1)
    #expect(queues.next(saturation: 0.999) == "a")
    #expect(queues.next() == nil)
  }

  @Test("a priority at its ceiling stops the lower ones too, and an empty priority does so as well")
  func ceilings() {
    struct Closed: UsageLimitPolicy {
      let priority: Int
      func limit(saturation: Double, priorities: [Int], ceilings: inout [Double]) {
        for (index, some) in priorities.enumerated() where some == priority { ceilings[index] = 0 }
      }
    }
    var settings = settings(usageLimit: Closed(priority: 3))
    settings.bands[3] = settings.defaultBand
    var queues = NamedQueues(settings)
    queues.add("below", priority: 0)
    #expect(queues.next() == nil, "priority 3 is closed although nothing waits with it")
    queues.add("above", priority: 4)
    #expect(queues.next() == "above")
    #expect(queues.next() == nil)
  }

  @Test("a ceiling that a policy took away counts as 1")
  func missingCeilings() {
    struct Forgetful: UsageLimitPolicy {
      func limit(saturation: Double, priorities: [Int], ceilings: inout [Double]) { ceilings = [] }
    }
    var queues = NamedQueues(settings(usageLimit: Forgetful()))
    queues.add("a")
    #expect(queues.next(saturation: 1) == nil)
    #expect(queues.next(saturation: 0.5) == "a")
  }

  @Test("a request beyond a limit of its priority or of all is turned away, and room comes back")
  func capacity() {
    var settings = settings()
    settings.defaultBand.maxRequests = 2
    settings.defaultBand.maxBytes = 100
    settings.maxRequests = 3
    settings.maxBytes = 150
    var queues = NamedQueues(settings)
    #expect(queues.add("1", bytes: 60) == nil)
    #expect(queues.add("2", bytes: 41) == .capacity, "101 bytes in the band")
    #expect(queues.add("3", bytes: 40) == nil, "100 bytes are allowed")
    #expect(queues.add("4", bytes: 0) == .capacity, "two requests in the band")
    #expect(queues.add("5", priority: 1, bytes: 51) == .capacity, "151 bytes in all")
    #expect(queues.add("6", priority: 1, bytes: 50) == nil)
    #expect(queues.add("7", priority: 2, bytes: 0) == .capacity, "three requests in all")
    #expect(queues.next() == "6")
    #expect(queues.add("8", priority: 1, bytes: .max) == .capacity, "sums do not overflow")
    queues.remove("1")
    #expect(queues.add("9", bytes: 60) == nil)
  }

  @Test("a full queue of a pool without endpoints says so")
  func fullWithoutEndpoints() {
    var settings = settings()
    settings.defaultBand.maxRequests = 1
    var queues = NamedQueues(settings, hasEndpoints: false)
    queues.add("1")
    #expect(queues.add("2") == .noEndpoints)
  }

  @Test("a request that leaves is not dispatched, wherever it stands")
  func leaving() {
    for leaver in 0..<7 {
      var queues = NamedQueues(settings())
      for number in 0..<7 { queues.add("\(number)") }
      let left = queues.remove("\(leaver)")
      #expect(left)
      let leftAgain = queues.remove("\(leaver)")
      #expect(!leftAgain, "its ticket is used up")
      #expect(queues.drain() == (0..<7).filter { $0 != leaver }.map { "\($0)" })
    }
  }

  @Test("a used ticket does not stand for a later request in the same place")
  func tickets() throws {
    var queues = FlowQueues(settings())
    func request() -> QueuedRequest { QueuedRequest(flow: FlowKey(), bytes: 1, receivedAt: 0, enqueuedAt: 0) }
    let first = try queues.enqueue(request()).get()
    #expect(queues.dispatch(saturation: 0, now: 0)?.ticket == first)
    let second = try queues.enqueue(request()).get()
    let removed = queues.remove(first, now: 0)
    #expect(!removed)
    #expect(queues.dispatch(saturation: 0, now: 0)?.ticket == second)
  }

  @Test("requests that waited their time leave, oldest first; those without a limit stay")
  func expiry() {
    var queues = NamedQueues(settings())
    queues.add("late", at: 2, timeToLive: 10)
    queues.add("early", flow: "b", at: 1, timeToLive: 10)
    queues.add("patient", at: 0, timeToLive: 0)
    #expect(queues.expire(at: 10.9).names.isEmpty)
    #expect(queues.expire(at: 11) == (["early"], .evictedTimeToLive))
    #expect(queues.expire(at: 100).names == ["late"])
    #expect(queues.drain() == ["patient"])
  }

  @Test("without endpoints another limit holds, counted from when the last endpoint went")
  func expiryWithoutEndpoints() {
    var settings = settings()
    settings.timeToLiveWithoutEndpoints = 5
    var queues = NamedQueues(settings)
    queues.add("a", at: 0, timeToLive: 100)
    queues.queues.setHasEndpoints(false, now: 50)
    #expect(queues.expire(at: 54.9).names.isEmpty)
    queues.queues.setHasEndpoints(false, now: 54.9)
    #expect(queues.expire(at: 55) == (["a"], .evictedWithoutEndpoints))
    queues.add("b", at: 60, timeToLive: 100)
    queues.queues.setHasEndpoints(true, now: 62)
    #expect(queues.expire(at: 161.9).names.isEmpty, "its time began anew with the first endpoint")
    #expect(queues.expire(at: 162) == (["b"], .evictedTimeToLive))
  }

  @Test("priorities that nobody uses any more are forgotten, configured ones and 0 are not")
  func forgottenPriorities() {
    var settings = settings()
    settings.bands[7] = settings.defaultBand
    var queues = NamedQueues(settings)
    queues.add("a", priority: 3, at: 0)
    #expect(queues.queues.usage.map(\.priority) == [7, 3, 0])
    #expect(queues.next(at: 1) == "a")
    _ = queues.expire(at: 600)
    #expect(queues.queues.usage.map(\.priority) == [7, 3, 0])
    _ = queues.expire(at: 601)
    #expect(queues.queues.usage.map(\.priority) == [7, 0])
  }

  @Test("negative priorities have a template of their own")
  func templates() {
    var settings = settings()
    settings.defaultNegativeBand.maxRequests = 1
    var queues = NamedQueues(settings)
    #expect(queues.add("1", priority: -3) == nil)
    #expect(queues.add("2", priority: -3) == .capacity)
    #expect(queues.add("3", priority: -4) == nil, "each priority has its own limit")
    #expect(queues.add("4") == nil)
    #expect(queues.add("5") == nil)
  }

  @Test("whatever happens in whatever order, every request leaves exactly once and the sums are right")
  func randomRuns() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<40 {
      var settings = settings(
        Bool.random(using: &random) ? GlobalStrictFairness() : RoundRobinFairness(),
        [FirstComeFirstServed(), EarliestDeadlineFirst(), ObjectiveDeadlineFirst()].randomElement(using: &random)
          ?? FirstComeFirstServed())
      settings.maxRequests = 50
      var queues = FlowQueues(settings)
      var waiting: [FlowTicket: QueuedRequest] = [:]
      for step in 0..<600 {
        let now = Double(step)
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5:
          let request = QueuedRequest(
            flow: FlowKey(id: "\(Int.random(in: 0..<5))", priority: .random(in: -1...1)), bytes: .random(in: 0..<100),
            receivedAt: now, enqueuedAt: now, timeToFirstToken: Bool.random() ? .random(in: 0..<9) : nil,
            timeToLive: .random(in: 0..<200))
          if case .success(let ticket) = queues.enqueue(request) {
            #expect(waiting.updateValue(request, forKey: ticket) == nil)
          } else {
            #expect(waiting.count == 50)
          }
        case 5..<8:
          let highest = waiting.values.map(\.flow.priority).max()
          let next = queues.dispatch(saturation: 0, now: now)
          #expect(next?.request.flow.priority == highest)
          if let next { #expect(waiting.removeValue(forKey: next.ticket) == next.request) }
        case 8:
          if let ticket = waiting.keys.randomElement(using: &random) {
            let removed = queues.remove(ticket, now: now)
            #expect(removed)
            waiting[ticket] = nil
          }
        default:
          let due = waiting.filter { $0.value.timeToLive > 0 && now - $0.value.enqueuedAt >= $0.value.timeToLive }
          let (expired, _) = queues.expire(now: now)
          #expect(Set(expired) == Set(due.keys))
          for ticket in expired { waiting[ticket] = nil }
        }
        #expect(queues.count == waiting.count)
        #expect(queues.bytes == waiting.values.reduce(0) { $0 + $1.bytes })
        #expect(queues.usage.reduce(0) { $0 + $1.requests } == waiting.count)
      }
      #expect(Set(queues.removeAll(now: 600)) == Set(waiting.keys))
      #expect(queues.count == 0 && queues.bytes == 0)
    }
  }
}
