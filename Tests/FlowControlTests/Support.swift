import FlowControl

/// Settings with small limits and default policies, changed as a test needs.
func settings(
  _ fairness: any FairnessPolicy = GlobalStrictFairness(), _ ordering: any OrderingPolicy = FirstComeFirstServed(),
  usageLimit: any UsageLimitPolicy = StaticUsageLimit()
) -> FlowControlSettings {
  FlowControlSettings(
    defaultBand: FlowControlSettings.Band(fairness: fairness, ordering: ordering), usageLimit: usageLimit)
}

/// Queues that tell requests by their names.
struct NamedQueues {
  var queues: FlowQueues
  private var names: [FlowTicket: String] = [:]
  private var tickets: [String: FlowTicket] = [:]

  init(_ settings: FlowControlSettings, hasEndpoints: Bool = true) {
    queues = FlowQueues(settings, hasEndpoints: hasEndpoints)
  }

  /// - Returns: why the request may not wait.
  @discardableResult
  mutating func add(
    _ name: String, flow: String = "a", priority: Int = 0, bytes: Int = 10, at now: Double = 0, received: Double? = nil,
    objective: Double? = nil, timeToLive: Double = 60, uncachedTokens: Double? = nil
  ) -> FlowRejection? {
    let request = QueuedRequest(
      flow: FlowKey(id: flow, priority: priority), bytes: bytes, receivedAt: received ?? now, enqueuedAt: now,
      timeToFirstToken: objective, timeToLive: timeToLive, uncachedTokens: uncachedTokens)
    switch queues.enqueue(request) {
    case .success(let ticket):
      names[ticket] = name
      tickets[name] = ticket
      return nil
    case .failure(let rejection): return rejection
    }
  }

  mutating func next(saturation: Double = 0, at now: Double = 0) -> String? {
    queues.dispatch(saturation: saturation, now: now).flatMap { names[$0.ticket] }
  }

  /// Everything, in the order in which it goes.
  mutating func drain() -> [String] {
    var order: [String] = []
    while let name = next() { order.append(name) }
    return order
  }

  @discardableResult
  mutating func remove(_ name: String) -> Bool { tickets[name].map { queues.remove($0, now: 0) } ?? false }

  mutating func expire(at now: Double) -> (names: [String], outcome: FlowOutcome) {
    let (expired, outcome) = queues.expire(now: now)
    return (expired.compactMap { names[$0] }, outcome)
  }
}
