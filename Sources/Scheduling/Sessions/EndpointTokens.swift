import Endpoints
import Synchronization

/// Names endpoints in a form that clients carry around: the base64 of `namespace/name`.
final class EndpointTokens: Sendable {
  /// The tokens of a snapshot, to be found by their bytes.
  private struct Index {
    let tokens: [String]
    /// Indexes into ``tokens`` by hash; the rare second token of a hash is not found.
    let byHash: [Int: Int]

    init(_ snapshot: EndpointSnapshot) {
      tokens = snapshot.endpoints.map(EndpointTokens.encode)
      var byHash: [Int: Int] = [:]
      for (index, token) in tokens.enumerated() {
        var token = token
        byHash[token.withUTF8 { EndpointTokens.hash(UnsafeRawBufferPointer($0)) }] = index
      }
      self.byHash = byHash
    }
  }

  private let index: SnapshotCache<Index>
  /// Tokens by slot, so that a response costs no encoding.
  private let known = Mutex<[Int: (generation: UInt64, token: String)]>([:])

  init(_ attributes: AttributeSpace) {
    index = SnapshotCache(attributes) { snapshot in Index(snapshot) }
  }

  /// The index in the snapshot of the endpoint that a token names.
  func endpoint(of token: UnsafeRawBufferPointer, _ cycle: SchedulingCycle) -> Int? {
    let index = index.value(cycle)
    guard let found = index.byHash[Self.hash(token)], token.equals(index.tokens[found]) else { return nil }
    return found
  }

  /// The token of an endpoint.
  func token(of endpoint: Endpoint) -> String {
    known.withLock { known in
      if let entry = known[endpoint.slot], entry.generation == endpoint.generation { return entry.token }
      let token = Self.encode(endpoint)
      known[endpoint.slot] = (endpoint.generation, token)
      return token
    }
  }

  private static func encode(_ endpoint: Endpoint) -> String { Base64.encode(endpoint.id.description) }

  private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: bytes)
    return hasher.finalize()
  }
}
