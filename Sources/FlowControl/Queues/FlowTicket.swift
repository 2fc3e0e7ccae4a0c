/// Stands for one waiting request; the queues know it until the request leaves them.
public struct FlowTicket: Sendable, Hashable {
  /// Where the queues keep it.
  let slot: Int
  /// Tells it from earlier ones in the same place; grows with every request.
  let number: UInt64
}
