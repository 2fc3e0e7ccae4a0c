/// What a fairness policy sees of a flow: its size and the request that would go first.
public struct WaitingFlow: Sendable, Hashable {
  /// The flow's fairness id.
  public let id: String
  /// Requests that wait; positive.
  public let count: Int
  /// Bytes of their bodies.
  public let bytes: Int
  /// Rank of the first request, by the ordering policy.
  public let rank: Double
  /// Place of the first request in the order of arrival of all requests.
  public let arrival: UInt64
  /// When the first request joined the queue, in seconds.
  public let enqueuedAt: Double
}

/// The flows of one priority that have requests waiting, by fairness id.
public struct WaitingFlows: RandomAccessCollection {
  private let flows: [FlowQueue]
  private let slots: RequestSlots

  init(_ flows: [FlowQueue], _ slots: RequestSlots) {
    self.flows = flows
    self.slots = slots
  }

  /// Always 0.
  public var startIndex: Int { 0 }
  /// The number of flows.
  public var endIndex: Int { flows.count }

  /// A flow.
  public subscript(index: Int) -> WaitingFlow {
    let flow = flows[index]
    let first = flow.first.flatMap { slots[$0] }
    return WaitingFlow(
      id: flow.id, count: flow.count, bytes: flow.bytes, rank: first?.rank ?? .infinity, arrival: first?.number ?? .max,
      enqueuedAt: first?.request.enqueuedAt ?? .infinity)
  }
}
