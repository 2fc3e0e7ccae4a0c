/// What is wrong with a picker's answers. Each would break a request in a proxy.
package enum Fault: String, Sendable, Hashable, CaseIterable, Codable {
  /// A message that is no ProcessingResponse.
  case unreadable = "unreadable message"
  /// An answer to something that was not due, such as the body before the headers.
  case outOfOrder = "answer out of order"
  /// An answer after the last one.
  case surplus = "answer after the last"
  /// The request headers were answered without a destination.
  case noDestination = "no destination"
  /// A destination that is not in the pool.
  case foreignDestination = "destination outside the pool"
  /// Header and metadata name different destinations, or there is no metadata.
  case metadataDiffers = "metadata differs from header"
  /// A body was not answered by a `streamed_response`.
  case notStreamed = "body not streamed"
  /// Bytes of a body came back changed.
  case bodyChanged = "body changed"
  /// More bytes came back than were sent.
  case bodyTooLong = "body too long"
  /// The end of a body came before all its bytes.
  case bodyTooShort = "body too short"
  /// The stream ended before everything was answered.
  case endedEarly = "stream ended early"
  /// The stream ended with another status than OK.
  case badStatus = "gRPC status not OK"
}
