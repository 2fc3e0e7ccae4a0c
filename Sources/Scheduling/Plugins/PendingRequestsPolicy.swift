/// A plugin of the data layer that decides what load is: what servers told, or more than that.
public protocol PendingRequestsPolicy: Plugin {
  /// Whether requests that were placed on an endpoint since its last scrape count as its load.
  var countsPendingRequests: Bool { get }
}

extension LoadedPlugins {
  /// Whether scorers, filters and detectors see requests placed since the last scrape. They do unless a plugin says no.
  public var countsPendingRequests: Bool {
    instances.allSatisfy { ($0.plugin as? any PendingRequestsPolicy)?.countsPendingRequests ?? true }
  }
}
