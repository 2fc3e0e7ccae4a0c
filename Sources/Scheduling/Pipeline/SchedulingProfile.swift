import CAccelerate

/// A sequence of filters, weighted scorers and a picker. Immutable.
public final class SchedulingProfile: Sendable {
  /// A scorer and how much it counts.
  public struct WeightedScorer: Sendable {
    /// Name of the plugin instance.
    public let name: String
    /// The scorer.
    public let scorer: any Scorer
    /// Factor for its scores; may be negative.
    public let weight: Double
    /// Whether what the scorer finds in the array it stores to must be zero.
    let needsZeros: Bool

    /// Creates a weighted scorer.
    public init(name: String, scorer: any Scorer, weight: Double) {
      self.name = name
      self.scorer = scorer
      self.weight = weight
      needsZeros = !(scorer is any OverwritingScorer)
    }
  }

  /// The profile's name.
  public let name: String
  /// Filters in configuration order.
  public let filters: [(name: String, filter: any Filter)]
  /// Scorers in configuration order.
  public let scorers: [WeightedScorer]
  /// The picker.
  public let picker: any Picker
  /// Name of the picker.
  public let pickerName: String
  /// For each filter itself where it yields, else nil.
  private let yielding: [(any YieldingFilter)?]

  /// Creates a profile.
  public init(
    name: String, filters: [(name: String, filter: any Filter)] = [], scorers: [WeightedScorer] = [],
    picker: any Picker, pickerName: String = "picker"
  ) {
    self.name = name
    self.filters = filters
    self.scorers = scorers
    self.picker = picker
    self.pickerName = pickerName
    self.yielding = filters.map { $0.filter as? any YieldingFilter }
  }

  /// Filters, scores and picks. Filters that yield are left out where no candidate would be left. Each score is clamped to 0…1, multiplied by its weight and added up.
  /// - Parameter index: the profile's place among the cycle's results, which takes the picks.
  /// - Returns: false when the filters left no candidate.
  func run(_ cycle: SchedulingCycle, index: Int) -> Bool {
    cycle.results[index].ran()
    cycle.forgetFilters()
    var trace = cycle.trace.map { _ in DecisionTrace.ProfileTrace(name: name) }
    cycle.stopwatch?.start()
    if runFilters(cycle, &trace, skipsYielding: false), cycle.count == 0 {
      cycle.forgetFilters()
      trace?.filters.removeAll()
      _ = runFilters(cycle, &trace, skipsYielding: true)
    }
    guard cycle.count > 0 else {
      if let trace { cycle.trace?.profiles.append(trace) }
      return false
    }
    if trace != nil { trace?.endpoints = Self.addresses(cycle) }
    let totals = scorers.isEmpty ? cycle.makeScores() : cycle.takeScratch(cycle.count, of: Double.self)
    let needsZeros = scorers.first?.needsZeros ?? false
    let scores = needsZeros ? cycle.makeScores() : cycle.takeScratch(cycle.count, of: Double.self)
    for index in scorers.indices {
      scorers[index].scorer.score(cycle, into: scores)
      cycle.stopwatch?.lap(.scorer, scorers[index].name)
      trace?.scorers.append(
        DecisionTrace.ScorerScores(
          name: scorers[index].name, weight: scorers[index].weight, scores: scores.map(Self.clamp),
          estimates: (scorers[index].scorer as? any EstimatingScorer)?.estimates(cycle) ?? []))
      move(scores, ofScorer: index, to: totals)
    }
    // The memory of the last picks is used again.
    var picks: [Int] = []
    swap(&picks, &cycle.sparePicks)
    picks.removeAll(keepingCapacity: true)
    picker.pick(cycle, totals: UnsafeBufferPointer(totals), picks: &picks)
    cycle.stopwatch?.lap(.picker, pickerName)
    for position in picks {
      cycle.results[index].append(cycle.endpoint(position), candidate: cycle.allPosition(position))
    }
    if var trace {
      trace.totals = Array(totals)
      trace.picks = cycle.results[index].endpoints.map(\.addressText)
      cycle.trace?.profiles.append(trace)
    }
    defer { cycle.sparePicks = picks }
    return !picks.isEmpty
  }

  /// Runs the filters in order until no candidate is left.
  /// - Returns: whether a yielding filter dropped any.
  private func runFilters(
    _ cycle: SchedulingCycle, _ trace: inout DecisionTrace.ProfileTrace?, skipsYielding: Bool
  ) -> Bool {
    var hasYielding = false
    for index in filters.indices {
      if let yielding = yielding[index], skipsYielding || !yielding.isNeeded { continue }
      let count = cycle.count
      let before = trace.map { _ in Self.addresses(cycle) }
      cycle.apply(filters[index].filter)
      cycle.stopwatch?.lap(.filter, filters[index].name)
      if yielding[index] != nil, cycle.count < count { hasYielding = true }
      if let before { trace?.filters.append(Self.result(of: filters[index].name, before, cycle)) }
      guard cycle.count > 0 else { break }
    }
    return hasYielding
  }

  private static func addresses(_ cycle: SchedulingCycle) -> [String] {
    (0..<cycle.count).map { cycle.endpoint($0).addressText }
  }

  private static func result(
    of filter: String, _ before: [String], _ cycle: SchedulingCycle
  ) -> DecisionTrace.FilterResult {
    var dropped: [String] = []
    if cycle.count < before.count {
      let left = Set(addresses(cycle))
      dropped = Array(
        before.lazy.filter { !left.contains($0) }.prefix(DecisionTrace.FilterResult.maximumDropped))
    }
    return DecisionTrace.FilterResult(name: filter, left: cycle.count, dropped: dropped)
  }

  /// Adds scores to the totals, which those of the first scorer begin, and leaves zeros for the next one that needs them.
  private func move(
    _ scores: UnsafeMutableBufferPointer<Double>, ofScorer index: Int, to totals: UnsafeMutableBufferPointer<Double>
  ) {
    guard let source = scores.baseAddress, let target = totals.baseAddress else { return }
    let (weight, next) = (scorers[index].weight, index + 1)
    let leavesZeros = next < scorers.count && scorers[next].needsZeros
    if index == 0 {
      epp_begin_weighted_f64(source, weight, target, totals.count, leavesZeros)
    } else {
      epp_move_weighted_f64(source, weight, target, totals.count, leavesZeros)
    }
  }

  /// Within 0…1; what is not a number counts as 0.
  @inline(__always)
  private static func clamp(_ score: Double) -> Double { score >= 0 ? (score <= 1 ? score : 1) : 0 }
}
