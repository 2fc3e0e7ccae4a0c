import KVCacheEvents
import NIOCore

/// Messages that servers are asked to repeat.
extension CacheEventFeed {
  /// Servers that are asked at the same time.
  private static let maximumReplays = 8
  /// Time for which a server that could not repeat its messages is not asked again.
  private static let cooldown = TimeAmount.seconds(30)
  /// Messages of one server that are held back at most.
  private static let maximumHeld = 65_536

  /// Whether an endpoint's server can be asked now. Only servers that we connect to can be.
  func mayReplay(_ publisher: EndpointPublisher) -> Bool {
    settings.replayPort != nil && publisher.connection != nil && !isStopped
      && NIODeadline.now() >= publisher.cooldownEnd
  }

  /// Asks for messages from one on and takes `message` afterwards.
  func replay(_ publisher: EndpointPublisher, from number: UInt64, thenTake message: EventMessage) {
    replay(publisher, from: number)
    if publisher.isReplaying { hold(message, of: publisher) } else { apply(message, of: publisher) }
  }

  /// Asks for messages from one on, when the publisher's turn comes. Until all are there, others are held back.
  func replay(_ publisher: EndpointPublisher, from number: UInt64) {
    publisher.isReplaying = true
    publisher.replayStart = number
    waitingReplays.append(publisher)
    startReplays()
  }

  private func startReplays() {
    while !isStopped, runningReplays < Self.maximumReplays, !waitingReplays.isEmpty {
      let publisher = waitingReplays.removeFirst()
      do {
        let target = try address(of: publisher, port: settings.replayPort ?? 0)
        runningReplays += 1
        let replay = EventReplay(
          target, from: publisher.replayStart, topic: publisher.topic, on: eventLoop, budget: budget,
          deliver: { [unowned self, unowned publisher] message, followsLoss in
            if followsLoss { index.clear(endpoint: publisher.endpoint.slot) }
            publisher.topic = message.topic
            apply(message, of: publisher)
          },
          finish: { [unowned self, unowned publisher] outcome in finished(publisher, outcome) })
        publisher.replay = replay
        replay.begin()
      } catch {
        finished(publisher, .failed("\(error)"))
      }
    }
  }

  private func finished(_ publisher: EndpointPublisher, _ outcome: EventReplay.Outcome) {
    let held = publisher.held
    stopReplay(of: publisher)
    switch outcome {
    case .complete:
      counters.countReplay()
      publisher.hasReplayed = true
    case .unnamed: break
    case .failed(let reason):
      counters.count(.replay)
      logger.info(
        "messages of an endpoint's cache events cannot be had again; it counts as empty",
        metadata: ["endpoint": "\(publisher.endpoint.id)", "error": "\(reason)"])
      publisher.cooldownEnd = .now() + Self.cooldown
      forget(publisher)
    }
    for message in held {
      // Those that were among the repeated ones.
      if !publisher.isReplaying, let last = publisher.sequence.last, message.number <= last { continue }
      take(message, from: publisher)
    }
  }

  /// Keeps a message until those before it are there.
  func hold(_ message: EventMessage, of publisher: EndpointPublisher) {
    publisher.held.append(message)
    publisher.heldBytes += message.byteCount
    guard budget.take(message.byteCount), publisher.held.count <= Self.maximumHeld else {
      // The memory is worth more than what they say.
      publisher.held.removeAll()
      return finished(publisher, .failed("too many messages wait"))
    }
  }

  /// Asks no more, and drops what was held back.
  func stopReplay(of publisher: EndpointPublisher) {
    guard publisher.isReplaying || !publisher.held.isEmpty || publisher.heldBytes > 0 else { return }
    publisher.isReplaying = false
    if let replay = publisher.replay {
      replay.stop()
      publisher.replay = nil
      runningReplays -= 1
    } else {
      waitingReplays.removeAll { $0 === publisher }
    }
    _ = budget.take(-publisher.heldBytes)
    publisher.held = []
    publisher.heldBytes = 0
    startReplays()
  }
}
