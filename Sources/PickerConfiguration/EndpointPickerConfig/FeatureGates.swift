/// The features a document switches on or off: `featureGates: [flowControl, haPopulateNonLeaderDatastore=false]`.
public struct FeatureGates: Sendable, Hashable {
  /// A feature that can be switched.
  public enum Gate: String, Sendable, CaseIterable {
    /// Queue requests by fairness and priority instead of rejecting them when the pool is saturated. Off by default.
    case flowControl
    /// Followers of a leader election fill their tables as well, so that they can take over at once. On by default.
    case haPopulateNonLeaderDatastore
    /// Accepted without effect: the data layer is always on.
    case dataLayer
    /// The metrics scraper from before the data layer. Off by default.
    case enableLegacyMetrics

    /// Whether a family's own pickers know the gate.
    func belongs(to lineage: Lineage) -> Bool {
      switch self {
      case .flowControl: true
      case .haPopulateNonLeaderDatastore: lineage == .llmD
      case .dataLayer, .enableLegacyMetrics: lineage == .inferenceExtension
      }
    }

    /// Whether the feature is on when nothing is said about it.
    public var isEnabledByDefault: Bool {
      switch self {
      case .haPopulateNonLeaderDatastore, .dataLayer: true
      case .flowControl, .enableLegacyMetrics: false
      }
    }
  }

  /// The gates that the document names, with the state it gives them.
  public private(set) var settings: [Gate: Bool] = [:]

  /// Where the document names the gates.
  public private(set) var locations: [Gate: SourceLocation] = [:]

  /// Every gate in its default state.
  public init() {}

  /// Whether a feature is on.
  public func isEnabled(_ gate: Gate) -> Bool {
    settings[gate] ?? gate.isEnabledByDefault
  }

  /// Switches a feature, as an entry of the document would.
  public mutating func set(_ gate: Gate, to isEnabled: Bool) {
    settings[gate] = isEnabled
  }

  /// Applies an entry: `name`, `name=true` or `name=false`. A later entry for the same gate wins.
  ///
  /// - Returns: what is wrong with the entry, or `nil`.
  mutating func apply(_ entry: String, at location: SourceLocation) -> String? {
    let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = parts.first.map(String.init) ?? ""
    guard let gate = Gate(rawValue: name) else {
      return "feature gate '\(name)' is unknown or unregistered"
        + NameSuggestion.hint(for: name, among: Gate.allCases.map(\.rawValue))
    }
    locations[gate] = location
    guard parts.count == 2 else {
      settings[gate] = true
      return nil
    }
    guard let isEnabled = GoFlagValue.bool(String(parts[1])) else {
      return "expected \(name)=true or \(name)=false, found \"\(entry)\""
    }
    settings[gate] = isEnabled
    return nil
  }
}
