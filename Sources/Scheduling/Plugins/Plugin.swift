/// A configured plugin instance: anything that an `EndpointPickerConfig` names in its `plugins` list.
///
/// One object serves all event loops at the same time, so whatever it keeps must be safe to share; most plugins keep
/// nothing but their parameters. An object may take several roles (``Filter``, ``Scorer`` …) by conforming to several
/// protocols.
public protocol Plugin: Sendable {}

/// Drops candidates that must not serve a request. Runs in configuration order.
public protocol Filter: Plugin {
  /// Clears `keep` for every candidate to drop. `keep` has one element for each candidate of the cycle and is all true.
  ///
  /// Called on event loops: no waiting, no I/O.
  func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>)
}

/// Rates candidates.
public protocol Scorer: Plugin {
  /// Stores one score for each candidate of the cycle, at best within 0…1; other values are clamped. `scores` is all
  /// zero.
  ///
  /// A function over arrays: ``SchedulingCycle`` gives the candidates' values as arrays in the same order. Called on
  /// event loops: no waiting, no I/O.
  func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>)
}

/// A scorer that stores a score for every candidate whatever happens, so `scores` need not be zero before.
public protocol OverwritingScorer: Scorer {}

/// A scorer whose scores come from times, which people want to see.
public protocol EstimatingScorer: Scorer {
  /// What it expects of each candidate of the cycle, in seconds. Asked only for explained decisions.
  func estimates(_ cycle: SchedulingCycle) -> [Double]
}

/// A scorer that looks at one candidate at a time; more convenient than ``Scorer`` and slower with many endpoints.
public protocol EndpointScorer: Scorer {
  /// The score of one candidate, at best within 0…1.
  func score(_ candidate: Candidate, _ cycle: SchedulingCycle) -> Double
}

extension EndpointScorer {
  /// Scores the candidates one by one.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    for position in scores.indices { scores[position] = score(Candidate(cycle: cycle, position: position), cycle) }
  }
}

/// Chooses among scored candidates.
public protocol Picker: Plugin {
  /// Appends the positions of the candidates chosen, best first, to `picks`. `totals` has one weighted sum of scores
  /// for each candidate of the cycle and is not empty.
  func pick(_ cycle: SchedulingCycle, totals: UnsafeBufferPointer<Double>, picks: inout [Int])
}

/// Decides which profiles run for a request and which result counts.
public protocol ProfileHandler: Plugin {
  /// Names the profiles to run next, given the results so far; none ends the scheduling.
  func nextProfiles(_ cycle: SchedulingCycle, profiles: [SchedulingProfile], into next: inout [Int])

  /// The index of the profile whose picks are the destination.
  /// - Throws: when the results do not make a decision.
  func primaryProfile(_ cycle: SchedulingCycle, profiles: [SchedulingProfile]) throws(SchedulingError) -> Int

  /// Checks that the configured profiles suit the handler.
  /// - Returns: what is wrong with them, nil if nothing.
  func problem(withProfiles names: [String]) -> String?

  /// Why no profile was to run for a request, when something about the request is the reason.
  func reasonNothingRan(_ cycle: SchedulingCycle, profiles: [SchedulingProfile]) -> String?
}

extension ProfileHandler {
  /// Most handlers run something for every request.
  public func reasonNothingRan(_ cycle: SchedulingCycle, profiles: [SchedulingProfile]) -> String? { nil }
}

/// Computes values that other plugins read, before profiles run.
public protocol Producer: PlacementObserver {
  /// Computes the attributes of the request and its candidates.
  func produce(_ cycle: SchedulingCycle)
}

extension Producer {
  /// Most producers do not learn from decisions.
  public func requestPlaced(_ cycle: SchedulingCycle) {}
}

/// Tells how loaded the candidates are as a whole.
public protocol SaturationDetector: Plugin {
  /// 0 for idle, 1 and above for saturated.
  func saturation(_ cycle: SchedulingCycle) -> Double

  /// Whether the saturation of endpoints is the least of that of any parts of them, so that one part that is idle
  /// answers for all. False unless a detector says otherwise.
  var isLeastOfParts: Bool { get }
}

extension SaturationDetector {
  /// Most detectors look at the endpoints as a whole.
  public var isLeastOfParts: Bool { false }
}
