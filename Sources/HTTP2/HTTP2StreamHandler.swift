/// Receives what happens on one stream. All calls come from the thread that feeds the session.
public protocol HTTP2StreamHandler: AnyObject {
  /// A header of the current block. The bytes are valid during the call only.
  func receivedHeader(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>)
  /// The header block is complete; trailers and informational answers come as further blocks.
  func receivedHeaders()
  /// A piece of the body. The bytes are valid during the call only.
  func receivedData(_ bytes: UnsafeRawBufferPointer)
  /// The peer will send no more.
  func receivedEnd()
  /// Everything written so far has been taken for sending.
  func outputDrained()
  /// The peer has had the time it may take for its request. The handler should answer and finish.
  func overdue()
  /// The stream is gone, for whatever reason. Called exactly once, last.
  func closed(_ code: HTTP2ErrorCode)
}

extension HTTP2StreamHandler {
  /// Streams that are not limited in time need do nothing.
  public func overdue() {}
}

/// Makes the handlers of streams that the peer opens.
public protocol HTTP2Application: AnyObject {
  /// A new stream.
  /// - Returns: its handler, or nil to refuse the stream.
  func handler(for stream: HTTP2Stream) -> (any HTTP2StreamHandler)?
}
