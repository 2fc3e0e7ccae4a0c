/// The payload of one message of a model server: `[timestamp, [event, …], rank?]` in MessagePack.
///
/// Events come as arrays `[tag, field, …]` or as maps with a key `type`. Events with a tag that is not known are left
/// out, and so are fields behind those that are known, so that newer servers can be read. (KV events of the precise
/// prefix index.)
public struct CacheEventBatch: Equatable, Sendable {
  /// The events in their order.
  public var events: [CacheEvent]
  /// The server's data-parallel rank, when it names one.
  public var rank: UInt64?
  /// Events left out because nothing is known of their tag.
  public var unknownEvents: Int

  /// Reads a payload; nil if any of it is not what a model server sends. Costs no more than the payload is long.
  public init?(payload: ArraySlice<UInt8>) {
    var reader = MessagePackReader(payload)
    do {
      var fields = try reader.readArrayCount()
      guard fields >= 2 else { return nil }
      try reader.skip()
      let count = try reader.readArrayCount()
      events = []
      unknownEvents = 0
      for _ in 0..<count {
        if let event = try CacheEventFields.readEvent(&reader) {
          events.append(event)
        } else {
          unknownEvents += 1
        }
      }
      fields -= 2
      if fields > 0, !reader.skipNull() { rank = try reader.readInteger() }
    } catch {
      return nil
    }
  }
}
