import Endpoints

/// What one profile chose.
public struct ProfileResult {
  /// The endpoints chosen, best first.
  public private(set) var endpoints: [Endpoint] = []
  /// Where the endpoints chosen are among all candidates, before any filter; in the order of ``endpoints``.
  public private(set) var candidates: [Int] = []
  /// Whether the profile ran.
  public private(set) var hasRun = false

  mutating func clear() {
    endpoints.removeAll(keepingCapacity: true)
    candidates.removeAll(keepingCapacity: true)
    hasRun = false
  }

  mutating func ran() { hasRun = true }

  mutating func append(_ endpoint: Endpoint, candidate: Int) {
    endpoints.append(endpoint)
    candidates.append(candidate)
  }
}
