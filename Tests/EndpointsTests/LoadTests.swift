import Endpoints
import Testing

@Suite("Load of endpoints")
struct LoadTests {
  private let table: EndpointTable

  init() {
    table = EndpointTable()
    table.replaceAll(with: (0..<4).map { descriptor("e\($0)") })
  }

  @Test("a lease counts its request once and un-counts it once")
  func lease() {
    let lease = table.reserve(slot: 1, promptTokens: 30)
    #expect(table.inFlightRequests(slot: 1) == 1)
    #expect(table.inFlightTokens(slot: 1) == 30)
    #expect(table.pendingRequests(slot: 1) == 1)
    lease.release()
    #expect(table.inFlightRequests(slot: 1) == 0)
    #expect(table.inFlightTokens(slot: 1) == 0)
    #expect(table.pendingRequests(slot: 1) == 0)
  }

  @Test("a lease that goes out of scope is released")
  func scope() {
    do {
      let lease = table.reserve(slot: 0, promptTokens: 1)
      #expect(lease.slot == 0)
      #expect(table.inFlightRequests(slot: 0) == 1)
    }
    #expect(table.inFlightRequests(slot: 0) == 0)
  }

  @Test("moving a lease moves what it counts, tokens only while the prompt is being processed")
  func move() {
    var lease = table.reserve(slot: 0, promptTokens: 8)
    lease.move(to: 2)
    #expect(table.inFlightRequests(slot: 0) == 0 && table.inFlightRequests(slot: 2) == 1)
    #expect(table.inFlightTokens(slot: 0) == 0 && table.inFlightTokens(slot: 2) == 8)
    #expect(table.pendingRequests(slot: 0) == 0 && table.pendingRequests(slot: 2) == 1)
    lease.promptProcessed()
    lease.promptProcessed()
    #expect(table.inFlightTokens(slot: 2) == 0)
    lease.move(to: 3)
    #expect(table.inFlightTokens(slot: 3) == 0 && table.inFlightRequests(slot: 3) == 1)
    lease.release()
    for slot in 0..<4 {
      #expect(table.inFlightRequests(slot: slot) == 0)
      #expect(table.inFlightTokens(slot: slot) == 0)
    }
  }

  @Test(
    "pending is what was placed since the last successful scrape began and still runs",
    arguments: 1...8 as ClosedRange<UInt64>)
  func pendingAgainstModel(seed: UInt64) {
    struct Placed {
      let box: LeaseBox
      var at: Int
      var slot: Int
    }
    var random = SeededGenerator(seed: seed)
    var placed: [Placed] = []
    var scrapeBegan: [Int?] = [nil, nil, nil, nil]
    var shown = [0, 0, 0, 0]
    for time in 1...3_000 {
      let slot = Int.random(in: 0..<4, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0...3:
        placed.append(Placed(box: LeaseBox(table.reserve(slot: slot, promptTokens: 1)), at: time, slot: slot))
      case 4...6:
        if !placed.isEmpty { placed.remove(at: Int.random(in: 0..<placed.count, using: &random)).box.release() }
      case 7:
        if !placed.isEmpty {
          let index = Int.random(in: 0..<placed.count, using: &random)
          if placed[index].slot != slot {
            placed[index].box.lease?.move(to: slot)
            placed[index].slot = slot
            placed[index].at = time
          }
        }
      case 8:
        // A start without a success before it is a scrape that failed.
        table.scrapeStarted(slot: slot)
        scrapeBegan[slot] = time
      default:
        if let began = scrapeBegan[slot] {
          table.scrapeSucceeded(slot: slot)
          shown[slot] = began
          scrapeBegan[slot] = nil
        }
      }
      for slot in 0..<4 {
        let mine = placed.filter { $0.slot == slot }
        #expect(table.inFlightRequests(slot: slot) == mine.count)
        #expect(table.pendingRequests(slot: slot) == mine.filter { $0.at > shown[slot] }.count)
      }
    }
  }

  @Test("requests on a server whose scrapes never succeed do not pile up")
  func neverScraped() {
    let long = table.reserve(slot: 0, promptTokens: 0)
    for _ in 0..<150_000 {
      let lease = table.reserve(slot: 0, promptTokens: 0)
      table.scrapeStarted(slot: 0)
      lease.release()
    }
    #expect(table.pendingRequests(slot: 0) == 1)
    long.release()
    #expect(table.pendingRequests(slot: 0) == 0)
    let last = table.reserve(slot: 0, promptTokens: 0)
    table.scrapeStarted(slot: 0)
    table.scrapeSucceeded(slot: 0)
    #expect(table.pendingRequests(slot: 0) == 0)
    last.release()
  }

  @Test("counts stay exact when threads place and release at the same time as a scraper works")
  func concurrency() async {
    let table = table
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<5_000 {
            var lease = table.reserve(slot: 0, promptTokens: 3)
            lease.move(to: 1)
            lease.release()
          }
        }
      }
      group.addTask {
        for _ in 0..<5_000 {
          for slot in 0..<2 {
            table.scrapeStarted(slot: slot)
            table.scrapeSucceeded(slot: slot)
          }
        }
      }
    }
    for slot in 0..<2 {
      #expect(table.inFlightRequests(slot: slot) == 0)
      #expect(table.inFlightTokens(slot: slot) == 0)
      #expect(table.pendingRequests(slot: slot) == 0)
    }
  }
}
