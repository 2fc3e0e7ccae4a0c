/// Where plugins are called, as metrics name it.
public enum ExtensionPoint: String, Sendable, Hashable, CaseIterable {
  /// ``Producer/produce(_:)``.
  case producer = "PrepareData"
  /// ``Admitter/denial(_:)``.
  case admission = "Admission"
  /// ``ProfileHandler/nextProfiles(_:profiles:into:)``.
  case profilePicker = "ProfilePicker"
  /// ``Filter/filter(_:keep:)``.
  case filter = "Filter"
  /// ``Scorer/score(_:into:)``.
  case scorer = "Scorer"
  /// ``Picker/pick(_:totals:picks:)``.
  case picker = "Picker"
  /// ``ProfileHandler/primaryProfile(_:profiles:)``.
  case profileResults = "ProcessProfilesResults"
  /// ``PlacementObserver/requestPlaced(_:)``.
  case placement = "PreRequest"
}

/// Learns how long plugins take. Belongs to one event loop.
///
/// The scheduler has no clock: whoever wants times gives a cycle a stopwatch, for some requests rather than for all.
public protocol PluginStopwatch: AnyObject {
  /// The next plugin is about to be called.
  func start()
  /// A plugin returned; the time since the last `start` or `lap` was spent in it.
  func lap(_ point: ExtensionPoint, _ plugin: String)
}
