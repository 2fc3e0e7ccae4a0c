/// One message of a server that repeats its messages: an empty frame, then what it published, or what ends it.
package enum ReplayAnswer {
  case message(EventMessage)
  /// A message without a topic, while none is known.
  case unnamed
  /// The server has repeated what it has.
  case end

  /// Reads the frames; nil when they are none of these. Some servers leave the topic out.
  /// - Parameter topic: that of messages which came by themselves, if known.
  package init?(_ frames: [[UInt8]], topic: EventTopic?) {
    let parts = frames.first?.isEmpty == true ? frames.dropFirst() : frames[...]
    guard (2...3).contains(parts.count), let payload = parts.last else { return nil }
    if payload.isEmpty {
      self = .end
    } else if parts.count == 3 {
      guard let message = EventMessage(Array(parts)) else { return nil }
      self = .message(message)
    } else if let topic {
      guard let number = parts.first, let message = EventMessage(topic: topic, number: number, payload: payload) else {
        return nil
      }
      self = .message(message)
    } else {
      self = .unnamed
    }
  }
}
