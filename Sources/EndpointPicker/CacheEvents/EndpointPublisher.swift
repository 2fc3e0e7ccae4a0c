import Endpoints
import KVCacheEvents
import ModelServerMetrics
import NIOCore

/// One endpoint as a teller of cache events. Used on the feed's event loop only.
final class EndpointPublisher {
  /// The endpoint as it is known now.
  var endpoint: Endpoint
  /// Keeps the slot, by which the index knows the endpoint, from being another's while there are blocks in it.
  private let hold: SlotHold
  /// The numbers of its messages.
  var sequence = EventSequence()
  /// The topic of its last message.
  var topic: EventTopic?
  /// Whether it is asked, or waits to be asked, to repeat messages. What it says meanwhile is held back.
  var isReplaying = false
  /// Whether it has repeated what it had since we know it.
  var hasReplayed = false
  /// The first message that it is to repeat.
  var replayStart: UInt64 = 0
  /// Asks it; nil until its turn comes.
  var replay: EventReplay?
  var held: [EventMessage] = []
  var heldBytes = 0
  /// When it may be asked again, after it could not.
  var cooldownEnd = NIODeadline.uptimeNanoseconds(0)
  /// The connection we made; nil while there is none, or when servers connect to us.
  var connection: PublisherConnection?
  /// The next attempt to connect.
  var attempt: Scheduled<Void>?
  var backoff = Backoff(shortest: 0.1, longest: 5)
  /// Whether the last attempt failed, which is logged once.
  var isFailing = false

  init(_ endpoint: Endpoint, _ hold: consuming SlotHold) {
    self.endpoint = endpoint
    self.hold = hold
  }

  /// Which of the ports of one server the endpoint is: the number at the end of an identity `<pod>-rank-<number>`, 0 for
  /// other identities.
  var rank: Int {
    let parts = endpoint.id.name.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 3, parts[parts.count - 2] == "rank", let last = parts.last, let rank = Int(last),
      (0...1_000).contains(rank)
    else { return 0 }
    return rank
  }

  /// Stops everything.
  func stop() {
    attempt?.cancel()
    attempt = nil
    connection?.letGo()
    connection = nil
  }
}
