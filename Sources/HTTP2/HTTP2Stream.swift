import ByteStorage
import CNghttp2

/// One HTTP/2 stream: its output queue and its place in the session.
///
/// Objects are used again for later streams of the same session; nobody may keep one after
/// ``HTTP2StreamHandler/closed(_:)``. Not thread-safe.
public final class HTTP2Stream {
  /// The stream identifier, odd for streams the client opened.
  public internal(set) var id: Int32 = 0
  /// The session holds its streams and closes them before it goes.
  unowned(unsafe) let session: HTTP2Session
  var handler: (any HTTP2StreamHandler)?
  /// Index in the session's list of open streams.
  var position = 0

  let output = ByteQueue()
  /// No more output follows what is queued.
  var outputEnded = false
  /// The headers submitted. nghttp2 refers to their memory until it has sent them.
  var headers: HeaderBlock?
  /// Sent after the queued output; nil ends the stream with the last DATA frame.
  var trailers: HeaderBlock?
  /// nghttp2 asked for data when there was none and waits for a resume.
  var isDeferred = false
  private var isReset = false
  /// Whether the peer reset the stream, rather than this side, or the connection was lost.
  public internal(set) var isResetByPeer = false
  var remoteEnded = false
  var localEnded = false
  /// Bytes received but not given back to the peer's windows, because output piled up.
  var withheld = 0
  var headerBytes = 0
  /// The session's interval in which the peer opened the stream.
  var opened = 0
  /// The session's interval in which there was no output to take, or some was taken.
  var lastProgress = 0

  init(session: HTTP2Session) {
    self.session = session
  }

  /// The peer has had everything it asked for and may reset the stream, which then does not count against it.
  ///
  /// Proxies end ext_proc streams that way: they reset them when the response is complete.
  public var isComplete = false

  /// Bytes written that were not taken for sending yet.
  public var pendingOutput: Int { output.count }

  /// Whether both sides have finished.
  public var isFinished: Bool { remoteEnded && localEnded }

  /// Sends the headers of an answer. Call once, before any output.
  public func respond(_ headers: HeaderBlock) {
    self.headers = headers
    session.submitResponse(self, headers)
  }

  /// Sends the headers of an answer together with the end of the stream.
  public func respondOnly(_ headers: HeaderBlock) {
    self.headers = headers
    outputEnded = true
    localEnded = true
    session.submitResponse(self, headers, endStream: true)
  }

  /// Queues a copy of the bytes.
  public func write(_ bytes: UnsafeRawBufferPointer) {
    output.append(bytes)
    session.outputAdded(self)
  }

  /// Queues `length` bytes which `fill` stores through the pointer it is given.
  @inline(__always)
  public func write(length: Int, _ fill: (UnsafeMutableRawPointer) -> Void) {
    guard length > 0 else { return }
    fill(output.appendUninitialized(length))
    session.outputAdded(self)
  }

  /// Queues a part of a block without copying; the block must not change before the output drained.
  public func write(_ block: ByteBlock, _ range: Range<Int>) {
    output.append(block, range)
    session.outputAdded(self)
  }

  /// Ends the output after what is queued, with these trailers if any.
  public func finish(trailers: HeaderBlock? = nil) {
    guard !outputEnded else { return }
    self.trailers = trailers
    outputEnded = true
    session.outputAdded(self)
  }

  /// Ends the stream at once in both directions.
  public func reset(_ code: HTTP2ErrorCode) {
    guard !isReset else { return }
    isReset = true
    outputEnded = true
    // The queue stays until the stream closes: nghttp2 may be in the middle of a DATA frame from it.
    nghttp2_submit_rst_stream(session.raw, HTTP2Constants.flagNone, id, code.rawValue)
  }

  func prepare(id: Int32) {
    self.id = id
    outputEnded = false
    isComplete = false
    isReset = false
    isResetByPeer = false
    trailers = nil
    isDeferred = false
    remoteEnded = false
    localEnded = false
    withheld = 0
    headerBytes = 0
  }
}
