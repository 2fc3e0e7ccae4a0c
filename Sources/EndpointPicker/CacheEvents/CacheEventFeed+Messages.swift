import KVCacheEvents

/// What messages do to the index.
extension CacheEventFeed {
  /// Takes a message that an endpoint's server has just sent.
  func take(_ message: EventMessage, from publisher: EndpointPublisher) {
    publisher.topic = message.topic
    guard !publisher.isReplaying else { return hold(message, of: publisher) }
    switch publisher.sequence.step(to: message.number) {
    case .next:
      if publisher.sequence.last == nil, message.number > 0, !publisher.hasReplayed, mayReplay(publisher) {
        return replay(publisher, from: 0, thenTake: message)
      }
    case .repeated: return
    case .gap(let lost):
      counters.count(.gap)
      logger.debug(
        "messages of an endpoint's cache events were lost",
        metadata: ["endpoint": "\(publisher.endpoint.id)", "lost": "\(lost)"])
      if let last = publisher.sequence.last, mayReplay(publisher) {
        return replay(publisher, from: last + 1, thenTake: message)
      }
      index.clear(endpoint: publisher.endpoint.slot)
    case .restart:
      counters.count(.restart)
      forget(publisher)
      if message.number > 0, mayReplay(publisher) {
        return replay(publisher, from: 0, thenTake: message)
      }
    }
    apply(message, of: publisher)
  }

  /// Applies a message, whatever came before.
  func apply(_ message: EventMessage, of publisher: EndpointPublisher) {
    let slot = publisher.endpoint.slot
    publisher.sequence.advance(to: message.number)
    if let batch = message.readBatch() {
      counters.count(batch)
      for event in batch.events { index.apply(event, endpoint: slot, model: message.topic.model) }
    } else {
      // It may have told of blocks that are gone.
      counters.count(.message)
      index.clear(endpoint: slot)
    }
    counters.take(index.refusals, blocks: index.count)
  }

  /// The endpoint that a message's topic names: by its address, its IP address, its name or its pod's name; of several
  /// the one of the batch's rank.
  func publisher(of message: EventMessage) -> EndpointPublisher? {
    let pod = message.topic.pod
    let slots = slotsByName ?? makeNames()
    let candidates = (slots[pod] ?? []).compactMap { publishers[$0] }
    if candidates.count <= 1 { return candidates.first }
    if let named = candidates.first(where: { $0.endpoint.id.name == pod }) { return named }
    let rank = Int(clamping: message.readBatch()?.rank ?? 0)
    return candidates.first { $0.rank == rank }
  }

  private func makeNames() -> [String: [Int]] {
    var slots: [String: [Int]] = [:]
    for (slot, publisher) in publishers {
      let endpoint = publisher.endpoint
      let names = [endpoint.addressText, endpoint.address.host, endpoint.id.name, endpoint.podName]
      for name in Set(names) { slots[name, default: []].append(slot) }
    }
    slotsByName = slots
    return slots
  }
}
