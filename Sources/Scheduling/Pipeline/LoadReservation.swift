/// What a request counts on an endpoint from now until it has been served.
public struct LoadReservation: Sendable, Hashable {
  /// The endpoint's slot.
  public let slot: Int
  /// Tokens to count.
  public let tokens: Int
  /// Whether the tokens count until the response ends rather than until it begins.
  public let isHeldUntilEnd: Bool

  /// Creates a reservation.
  public init(slot: Int, tokens: Int, isHeldUntilEnd: Bool) {
    self.slot = slot
    self.tokens = tokens
    self.isHeldUntilEnd = isHeldUntilEnd
  }
}
