/// The application's end of one call. All methods are called on the event loop of the call's connection.
public protocol GRPCCall: AnyObject {
  /// A message, valid during the call only; see ``GRPCServerStream/takeMessageBlock()``.
  func received(_ message: UnsafeRawBufferPointer)
  /// The client will send no more messages.
  func receivedHalfClose()
  /// A message could not be accepted. The call should answer and finish; no more messages are delivered.
  func exceeded(_ limit: GRPCLimit)
  /// Everything sent so far has been handed to the connection.
  func outputDrained()
  /// The call is over, whether it finished, was cancelled or lost its connection. Called exactly once, last.
  func ended()
}

extension GRPCCall {
  /// Most calls do not care.
  public func outputDrained() {}
}
