/// The names that expressions of the configuration can use.
public enum SchedulingExpressionNames {
  /// All variables and functions.
  public static var all: [String] { SchedulingNames.knownNames }
}
