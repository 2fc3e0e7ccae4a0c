import KVCacheEvents

/// One message of cache events: the frames topic, number (eight bytes, most significant first) and payload.
package struct EventMessage {
  package let topic: EventTopic
  package let number: UInt64
  private let payload: [UInt8]

  /// Reads the frames; nil when they are not those of such a message.
  package init?(_ frames: [[UInt8]]) {
    guard frames.count == 3, let topic = EventTopic(frames[0]) else { return nil }
    self.init(topic: topic, number: frames[1], payload: frames[2])
  }

  /// A message whose topic is known; nil when the number has not eight bytes.
  init?(topic: EventTopic, number: [UInt8], payload: [UInt8]) {
    guard number.count == 8 else { return nil }
    self.topic = topic
    self.number = number.reduce(0) { $0 << 8 | UInt64($1) }
    self.payload = payload
  }

  /// About the memory that the message takes, in bytes.
  var byteCount: Int { payload.count + 128 }

  /// Reads the events; nil when the payload is not what a model server sends.
  package func readBatch() -> CacheEventBatch? { CacheEventBatch(payload: payload[...]) }
}
