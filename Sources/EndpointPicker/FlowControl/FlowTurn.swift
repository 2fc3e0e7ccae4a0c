import FlowControl

/// A request's way through the queues, as the decision about it needs to know it.
struct FlowTurn {
  /// When the request joined its queue, in nanoseconds.
  var enqueuedAt: UInt64
  /// Size of its body, as the queues count it.
  var bytes: Int
  /// Where it waits; nil when it does not any more.
  var ticket: FlowTicket?
  /// What came of it; nil while it waits.
  var outcome: FlowOutcome?
  /// How long it waited.
  var waitedNanoseconds: UInt64 = 0
}
