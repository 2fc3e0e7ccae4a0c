/// What a change of the set of endpoints did.
public struct EndpointChanges: Sendable {
  /// Endpoints that are new.
  public internal(set) var added: [Endpoint] = []
  /// Endpoints whose address or labels changed, as they are now.
  public internal(set) var updated: [Endpoint] = []
  /// Endpoints that are gone; their leases go on.
  public internal(set) var removed: [Endpoint] = []
  /// Endpoints left out because the table is full.
  public internal(set) var refused: [EndpointID] = []

  /// Whether the set of endpoints stayed as it was.
  public var isEmpty: Bool { added.isEmpty && updated.isEmpty && removed.isEmpty }
}
