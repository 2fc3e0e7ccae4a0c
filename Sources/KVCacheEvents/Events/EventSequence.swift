/// Watches the numbers of one publisher's messages.
public struct EventSequence: Equatable, Sendable {
  /// How a message follows the one before.
  public enum Step: Equatable, Sendable {
    /// It is the first, or the next.
    case next
    /// It came before.
    case repeated
    /// This many messages were lost before it: blocks may have gone that the index still has.
    case gap(lost: UInt64)
    /// The numbers began anew: the publisher was restarted, and its cache is empty.
    case restart
  }

  /// The number of the last message; nil before the first.
  public private(set) var last: UInt64?

  /// Before the first message.
  public init() {}

  /// Takes the number of a message that has arrived.
  @discardableResult
  public mutating func advance(to number: UInt64) -> Step {
    defer { last = number }
    return step(to: number)
  }

  /// How a message with this number would follow.
  public func step(to number: UInt64) -> Step {
    guard let last else { return .next }
    if number == last { return .repeated }
    if number < last { return .restart }
    return number == last + 1 ? .next : .gap(lost: number - last - 1)
  }
}
