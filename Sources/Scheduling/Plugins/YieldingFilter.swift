/// A filter that expresses a wish rather than a need: where the filters of a profile leave no candidate, they run once
/// more without the yielding ones. Such a filter never costs a request its last candidate.
public protocol YieldingFilter: Filter {
  /// Whether the filter could drop anything at the moment. A filter that is not needed is not run, so that it costs
  /// requests next to nothing.
  var isNeeded: Bool { get }
}
