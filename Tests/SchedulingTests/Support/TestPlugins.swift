import Endpoints
import Scheduling
import Synchronization

/// Scores endpoints by their number; those not listed get 0.
struct FixedScorer: EndpointScorer {
  let scores: [Int: Double]

  init(_ scores: [Int: Double]) {
    self.scores = scores
  }

  func score(_ candidate: Candidate, _ cycle: SchedulingCycle) -> Double {
    scores.first { candidate.endpoint.id.name == "pod-\($0.key)" }?.value ?? 0
  }
}

/// Drops the endpoints with these numbers and notes which ones it was asked about.
final class DroppingFilter: Filter {
  private let dropped: Set<String>
  private let names = Mutex<[[String]]>([])

  init(_ numbers: Int...) {
    dropped = Set(numbers.map { "pod-\($0)" })
  }

  /// For each call, the endpoints that were left at that moment.
  var seen: [[String]] { names.withLock { $0 } }

  func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) {
    let candidates = keep.indices.map { cycle.endpoint($0).id.name }
    names.withLock { $0.append(candidates) }
    for position in keep.indices where dropped.contains(candidates[position]) { keep[position] = false }
  }
}

/// Runs the profiles at these indexes one after the other and decides for one of them.
struct ScriptedHandler: ProfileHandler {
  let order: [Int]
  let primary: Int

  func nextProfiles(_ cycle: SchedulingCycle, profiles: [SchedulingProfile], into next: inout [Int]) {
    if let index = order.first(where: { !cycle.results[$0].hasRun }) { next.append(index) }
  }

  func primaryProfile(_ cycle: SchedulingCycle, profiles: [SchedulingProfile]) throws(SchedulingError) -> Int {
    primary
  }

  func problem(withProfiles names: [String]) -> String? { nil }
}

/// A plugin without a role.
struct InertPlugin: Plugin {}

extension Scorer {
  /// The scores of the cycle's candidates, before clamping.
  func scores(_ cycle: SchedulingCycle) -> [Double] {
    var scores = [Double](repeating: 0, count: cycle.count)
    scores.withUnsafeMutableBufferPointer { score(cycle, into: $0) }
    return scores
  }
}

extension Filter {
  /// Which of the cycle's candidates stay.
  func kept(_ cycle: SchedulingCycle) -> [Bool] {
    var keep = [Bool](repeating: true, count: cycle.count)
    keep.withUnsafeMutableBufferPointer { filter(cycle, keep: $0) }
    return keep
  }
}

extension Picker {
  /// The positions picked in a cycle with as many candidates as there are totals.
  func picks(_ totals: [Double], _ pool: TestPool) -> [Int] {
    pool.cycle.begin(SchedulingRequest(), now: 0)
    var picks: [Int] = []
    totals.withUnsafeBufferPointer { pick(pool.cycle, totals: $0, picks: &picks) }
    return picks
  }
}
