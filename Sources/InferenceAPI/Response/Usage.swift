/// What a model server says a request cost.
public struct Usage: Sendable, Hashable {
  /// The most bytes of ``json``.
  public static let maximumJSONBytes = 4_096

  /// Tokens of the prompt.
  public internal(set) var promptTokens: Int?
  /// Tokens that were generated.
  public internal(set) var completionTokens: Int?
  /// All tokens; for servers that don't tell, the sum of the two.
  public internal(set) var totalTokens: Int?
  /// Tokens of the prompt that the server had in its cache.
  public internal(set) var cachedTokens: Int?
  /// The object that the server sent, as it stands in the response. Empty if it was longer than ``maximumJSONBytes``,
  /// or if the API has no JSON.
  public internal(set) var json: [UInt8] = []

  /// Nothing known.
  public init() {}

  /// Forgets all but the memory.
  mutating func clear() {
    promptTokens = nil
    completionTokens = nil
    totalTokens = nil
    cachedTokens = nil
    json.removeAll(keepingCapacity: true)
  }
}
