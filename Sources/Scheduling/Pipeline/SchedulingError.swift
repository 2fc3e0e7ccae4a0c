/// Why no endpoint could be chosen.
public enum SchedulingError: Error, Hashable, Sendable {
  /// Filters left no candidate in the named profile.
  case noCandidateLeft(profile: String)
  /// No profile ran.
  case noProfileRan
  /// The profile handler could not make a decision of the results.
  case undecided(String)
}
