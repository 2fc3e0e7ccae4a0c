import Synchronization

/// Keeps labels that clients control from growing without limit: the first values are let through, later ones become
/// `other`. One bound may serve several labels and families, so that all of them agree on which values are known.
public final class LabelBound: Sendable {
  /// What values beyond the limit become.
  public static let overflow = "other"
  /// How many distinct values are let through unless told otherwise.
  public static let defaultLimit = 1_000

  private struct State {
    var admitted: Set<String> = []
    var kept: Set<String> = [""]
  }

  /// How many distinct values are let through.
  public let limit: Int
  private let state = Mutex(State())

  /// A bound that lets `limit` values through.
  public init(limit: Int = LabelBound.defaultLimit) {
    self.limit = max(0, limit)
  }

  /// Lets these values through always, without counting them: names that the operator has configured.
  public func keep(_ values: some Sequence<String>) {
    state.withLock { $0.kept.formUnion(values) }
  }

  /// The value itself, or ``overflow``.
  public func admit(_ value: String) -> String {
    state.withLock { state in
      if state.admitted.contains(value) || state.kept.contains(value) { return value }
      guard state.admitted.count < limit else { return Self.overflow }
      state.admitted.insert(value)
      return value
    }
  }
}

/// The name of a label, and whether its values are bounded.
public struct MetricLabel: Sendable, ExpressibleByStringLiteral {
  /// The name as exposed.
  public let name: String
  /// What limits the label's values; `nil` for labels whose values the operator controls.
  public let bound: LabelBound?

  /// A label whose values a client controls.
  public init(_ name: String, bound: LabelBound?) {
    self.name = name
    self.bound = bound
  }

  /// A label whose values the operator controls.
  public init(stringLiteral name: String) {
    self.init(name, bound: nil)
  }
}
