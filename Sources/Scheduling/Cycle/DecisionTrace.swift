/// How a decision came about, for people. Collected only when asked for.
public final class DecisionTrace {
  /// What one scorer said.
  public struct ScorerScores: Sendable {
    /// Name of the scorer.
    public let name: String
    /// Its weight in the profile.
    public let weight: Double
    /// Its scores after clamping, before the weight, in the order of ``ProfileTrace/endpoints``.
    public let scores: [Double]
  }

  /// What one profile did.
  public struct ProfileTrace: Sendable {
    /// Name of the profile.
    public let name: String
    /// Filters in order and how many candidates each left.
    public internal(set) var filters: [(name: String, left: Int)] = []
    /// Addresses of the candidates that were scored.
    public internal(set) var endpoints: [String] = []
    /// The scorers in order.
    public internal(set) var scorers: [ScorerScores] = []
    /// Creates the trace of a profile that has done nothing yet.
    public init(name: String) {
      self.name = name
    }

    /// Weighted sums in the order of ``endpoints``.
    public internal(set) var totals: [Double] = []
    /// Addresses of the endpoints picked, best first.
    public internal(set) var picks: [String] = []
  }

  /// The profiles that ran, in order.
  public internal(set) var profiles: [ProfileTrace] = []
  /// Name of the profile whose picks are the destination.
  public internal(set) var primaryProfile: String?
  /// Candidates before any filter.
  public internal(set) var candidateCount = 0

  /// Creates a trace.
  public init(profiles: [ProfileTrace] = []) {
    self.profiles = profiles
  }
}
