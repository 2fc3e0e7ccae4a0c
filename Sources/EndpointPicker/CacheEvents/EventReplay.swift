import KVCacheEvents
import NIOCore
import NIOPosix

/// Asks one server to repeat messages, over connections of its own until all are there. Used on its event loop only.
///
/// An attempt that is silent for two seconds or ends early is followed by another, which asks for what is missing; three in
/// a row without a message, or two minutes, end it.
final class EventReplay {
  enum Outcome {
    case complete
    /// The server repeats messages without their topic, and none is known yet.
    case unnamed
    case failed(String)
  }

  private static let silence = TimeAmount.seconds(2)
  private static let pause = TimeAmount.milliseconds(100)
  private static let patience = TimeAmount.minutes(2)
  private static let maximumFruitlessAttempts = 3

  private let target: SocketAddress
  private let start: UInt64
  private let topic: EventTopic?
  private let eventLoop: any EventLoop
  private let budget: PublisherBudget
  private let deliver: (_ message: EventMessage, _ followsLoss: Bool) -> Void
  private let finish: (Outcome) -> Void
  private var expected: UInt64
  private var connection: PublisherConnection?
  private var timers: [Scheduled<Void>] = []
  private var end: Scheduled<Void>?
  private var hasHeard = false
  private var messages = 0
  private var messagesOfAttempt = 0
  private var fruitlessAttempts = 0
  private var isOver = false

  /// - Parameters:
  ///   - start: the number of the first message to ask for.
  ///   - topic: that of the server's messages, if known.
  ///   - deliver: takes the messages in their order. One that follows a loss is the first that the server still has,
  ///     later than asked for.
  ///   - finish: is told the outcome, once, unless the replay is stopped before.
  init(
    _ target: SocketAddress, from start: UInt64, topic: EventTopic?, on eventLoop: any EventLoop,
    budget: PublisherBudget, deliver: @escaping (_ message: EventMessage, _ followsLoss: Bool) -> Void,
    finish: @escaping (Outcome) -> Void
  ) {
    self.target = target
    self.start = start
    self.topic = topic
    self.eventLoop = eventLoop
    self.budget = budget
    self.deliver = deliver
    self.finish = finish
    expected = start
  }

  func begin() {
    end = schedule(in: Self.patience) { $0.conclude(.failed("not complete in time")) }
    attempt()
  }

  /// Ends it without an outcome.
  func stop() {
    isOver = true
    end?.cancel()
    cancelTimers()
    connection?.letGo()
    connection = nil
  }

  private func attempt() {
    cancelTimers()
    messagesOfAttempt = 0
    let connection = PublisherConnection(
      slot: nil, owner: self, stream: PublisherStream(replayFrom: expected), budget: budget, counters: nil)
    self.connection = connection
    watch()
    ClientBootstrap(group: eventLoop)
      .connectTimeout(Self.silence)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(connection) }
      }
      .connect(to: target)
      .assumeIsolated()
      .whenFailure { [self] error in
        if self.connection === connection { attemptEnded("cannot connect to \(target): \(error)") }
      }
  }

  /// Ends the attempt when nothing is heard for a time.
  private func watch() {
    hasHeard = false
    timers = [
      schedule(in: Self.silence) { replay in
        if replay.hasHeard { replay.watch() } else { replay.attemptEnded("the server is silent") }
      }
    ]
  }

  private func attemptEnded(_ reason: String) {
    guard !isOver else { return }
    cancelTimers()
    connection?.letGo()
    connection = nil
    fruitlessAttempts = messagesOfAttempt == 0 ? fruitlessAttempts + 1 : 0
    guard fruitlessAttempts < Self.maximumFruitlessAttempts else { return conclude(.failed(reason)) }
    timers = [schedule(in: Self.pause) { $0.attempt() }]
  }

  private func conclude(_ outcome: Outcome) {
    guard !isOver else { return }
    stop()
    finish(outcome)
  }

  private func schedule(in time: TimeAmount, _ body: @escaping (EventReplay) -> Void) -> Scheduled<Void> {
    eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in
      guard let self, !isOver else { return }
      body(self)
    }
  }

  private func cancelTimers() {
    for timer in timers { timer.cancel() }
    timers = []
  }
}

extension EventReplay: PublisherConnection.Owner {
  func subscribed(_ connection: PublisherConnection) { hasHeard = true }

  func received(_ frames: [[UInt8]], from connection: PublisherConnection) {
    guard !isOver, connection === self.connection else { return }
    hasHeard = true
    switch ReplayAnswer(frames, topic: topic) {
    case nil: conclude(.failed("an answer cannot be read"))
    case .unnamed: conclude(.unnamed)
    case .end:
      conclude(messages == 0 && start > 0 ? .failed("the server no longer has message \(start)") : .complete)
    case .message(let message):
      let followsLoss = messagesOfAttempt == 0 && message.number > expected
      if followsLoss { expected = message.number }
      guard message.number == expected else { return attemptEnded("message \(expected) is missing") }
      expected &+= 1
      messages += 1
      messagesOfAttempt += 1
      deliver(message, followsLoss)
    }
  }

  func ended(_ connection: PublisherConnection, _ reason: String?) {
    guard connection === self.connection else { return }
    attemptEnded(reason ?? "the server closed the connection")
  }
}
