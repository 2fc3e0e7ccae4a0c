/// A sequence of filters, weighted scorers and a picker.
public struct SchedulingProfile: Sendable {
  /// A scorer and how much it counts.
  public struct WeightedScorer: Sendable {
    /// Name of the plugin instance.
    public let name: String
    /// The scorer.
    public let scorer: any Scorer
    /// Factor for its scores; may be negative.
    public let weight: Double

    /// Creates a weighted scorer.
    public init(name: String, scorer: any Scorer, weight: Double) {
      self.name = name
      self.scorer = scorer
      self.weight = weight
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

  /// Creates a profile.
  public init(
    name: String, filters: [(name: String, filter: any Filter)] = [], scorers: [WeightedScorer] = [],
    picker: any Picker
  ) {
    self.name = name
    self.filters = filters
    self.scorers = scorers
    self.picker = picker
  }

  /// Filters, scores and picks: each score is clamped to 0…1, multiplied by its weight and added up.
  /// - Returns: false when the filters left no candidate.
  func run(_ cycle: SchedulingCycle, result: inout ProfileResult, picks: inout [Int]) -> Bool {
    result.ran()
    cycle.forgetFilters()
    var trace = cycle.trace.map { _ in DecisionTrace.ProfileTrace(name: name) }
    for (name, filter) in filters {
      cycle.apply(filter)
      trace?.filters.append((name, cycle.count))
      guard cycle.count > 0 else { break }
    }
    guard cycle.count > 0 else {
      if let trace { cycle.trace?.profiles.append(trace) }
      return false
    }
    trace?.endpoints = (0..<cycle.count).map { cycle.endpoint($0).addressText }
    let totals = cycle.makeScores()
    for scorer in scorers {
      let scores = cycle.makeScores()
      scorer.scorer.score(cycle, into: scores)
      Self.add(scores, scorer.weight, to: totals)
      trace?.scorers.append(
        DecisionTrace.ScorerScores(name: scorer.name, weight: scorer.weight, scores: scores.map(Self.clamp)))
    }
    picks.removeAll(keepingCapacity: true)
    picker.pick(cycle, totals: UnsafeBufferPointer(totals), picks: &picks)
    for position in picks { result.append(cycle.endpoint(position), candidate: cycle.allPosition(position)) }
    if var trace {
      trace.totals = Array(totals)
      trace.picks = result.endpoints.map(\.addressText)
      cycle.trace?.profiles.append(trace)
    }
    return !picks.isEmpty
  }

  private static func add(
    _ scores: UnsafeMutableBufferPointer<Double>, _ weight: Double, to totals: UnsafeMutableBufferPointer<Double>
  ) {
    guard let source = scores.baseAddress, let target = totals.baseAddress else { return }
    for position in 0..<totals.count { target[position] += clamp(source[position]) * weight }
  }

  /// Within 0…1; what is not a number counts as 0.
  @inline(__always)
  private static func clamp(_ score: Double) -> Double { score >= 0 ? (score <= 1 ? score : 1) : 0 }
}
