import InferenceAPI

/// Reports something about a response to the proxy, as dynamic metadata with its end.
public protocol ResponseReporter: Plugin {
  /// What to report of a response's cost; nil for nothing.
  ///
  /// Called on event loops, once for each response whose usage is known: no waiting, no I/O.
  func report(_ usage: Usage) -> ResponseReport?
}

/// A number for the proxy.
public struct ResponseReport: Sendable, Hashable {
  /// Namespace of the dynamic metadata.
  public let namespace: String
  /// Key within the namespace.
  public let name: String
  /// The number.
  public let value: Double

  /// Creates a report.
  public init(namespace: String, name: String, value: Double) {
    self.namespace = namespace
    self.name = name
    self.value = value
  }
}
