import KVCacheEvents

/// One message of cache events: the frames topic, number (eight bytes, most significant first) and payload.
package struct EventMessage {
  package let topic: EventTopic
  package let number: UInt64
  /// nil when the payload is not what a model server sends.
  package let batch: CacheEventBatch?

  /// Reads the frames; nil when they are not those of such a message.
  package init?(_ frames: [[UInt8]]) {
    guard frames.count == 3, frames[1].count == 8, let topic = EventTopic(frames[0]) else { return nil }
    self.topic = topic
    number = frames[1].reduce(0) { $0 << 8 | UInt64($1) }
    batch = CacheEventBatch(payload: frames[2][...])
  }
}
