/// Something in the data plane that an operator should know or change.
public struct Finding: Sendable, Hashable {
  /// The rule that found it; a stable name in lower case.
  public let rule: String
  /// How bad it is.
  public let severity: Severity
  /// Where it is.
  public let place: String
  /// What is set.
  public let problem: String
  /// What will break because of it.
  public let effect: String
  /// The setting that mends it; empty for most notices.
  public let remedy: String

  init(
    _ rule: String, _ severity: Severity, at place: String, _ problem: String, effect: String, remedy: String = ""
  ) {
    self.rule = rule
    self.severity = severity
    self.place = place
    self.problem = problem
    self.effect = effect
    self.remedy = remedy
  }
}
