/// What one chunk of a response held.
package struct ChunkReading: Sendable, Hashable {
  /// Events, or messages of gRPC, whose data began in the chunk, without the `[DONE]` at the end. 0 for JSON bodies.
  package var eventCount = 0
  /// Those among them that carry tokens: of APIs that name their events the deltas, of others all.
  package var tokenEventCount = 0
  /// Whether the first token arrived with the chunk; for JSON bodies, whether their first byte did.
  package var hasFirstToken = false

  /// A chunk that held nothing.
  package init() {}
}
