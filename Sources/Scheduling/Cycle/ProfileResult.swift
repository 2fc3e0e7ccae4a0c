import Endpoints

/// What one profile chose.
public struct ProfileResult {
  /// The endpoints chosen, best first.
  public private(set) var endpoints: [Endpoint] = []
  /// Whether the profile ran.
  public private(set) var hasRun = false

  mutating func clear() {
    endpoints.removeAll(keepingCapacity: true)
    hasRun = false
  }

  mutating func ran() { hasRun = true }

  mutating func append(_ endpoint: Endpoint) { endpoints.append(endpoint) }
}
