import ByteStorage
import CNghttp2

/// The state of one HTTP/2 connection without its socket: bytes go in by ``feed(_:)`` and come out by
/// ``drain(into:)``.
///
/// Not thread-safe; all calls, and all calls to handlers, happen on one thread. Handlers may write, finish and reset
/// streams from within a callback; they must not call ``feed(_:)`` or ``drain(into:)``.
public final class HTTP2Session {
  /// Which side of the connection this is.
  public enum Role: Sendable {
    case server
    case client
  }

  let raw: OpaquePointer
  /// Which side of the connection this is.
  public let role: Role
  let settings: HTTP2Settings
  /// Owned by whoever owns the session. Not weak: weak references make every retain of the object slower.
  private unowned(unsafe) let application: (any HTTP2Application)?

  private(set) var openStreams: [HTTP2Stream] = []
  private var spareStreams: [HTTP2Stream] = []

  // Where `drain` writes, and what nghttp2 produced that did not fit.
  var region = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  var regionUsed = 0
  private var leftover = UnsafeRawBufferPointer(start: nil, count: 0)

  /// Streams with output above this many bytes stop giving their window back to the peer.
  public var outputHighWater = 2 << 20
  /// While set, nothing received is given back to the connection's window.
  public var isReceivingHeld = false {
    didSet { if oldValue, !isReceivingHeld { giveBackWithheldConnectionWindow() } }
  }
  private var withheldConnection = 0
  /// Streams that the peer reset before they were answered.
  public private(set) var unfinishedResets = 0
  private var controlFrames = 0
  /// Why the peer's connection is being ended; nil while it behaves.
  public private(set) var offence: HTTP2Offence?
  /// The peer's first SETTINGS have arrived: it speaks HTTP/2.
  public internal(set) var hasPeerSettings = false
  /// Calls of ``startInterval()`` so far.
  private(set) var intervals = 0
  /// Streams the peer opened so far.
  public private(set) var openedStreams: UInt64 = 0
  /// The peer sent GOAWAY.
  public private(set) var peerIsGoingAway = false

  /// Creates a session and queues its SETTINGS.
  public init(role: Role, settings: HTTP2Settings = HTTP2Settings(), application: (any HTTP2Application)?)
    throws(HTTP2Error)
  {
    self.role = role
    self.settings = settings
    self.application = application
    guard let raw = HTTP2Callbacks.makeSession(role: role) else {
      throw HTTP2Error(code: Int(NGHTTP2_ERR_NOMEM.rawValue), operation: "session")
    }
    self.raw = raw
    nghttp2_session_set_user_data(raw, Unmanaged.passUnretained(self).toOpaque())
    try submitSettings()
  }

  deinit {
    nghttp2_session_del(raw)
  }

  private func submitSettings() throws(HTTP2Error) {
    func entry(_ id: nghttp2_settings_id, _ value: UInt32) -> nghttp2_settings_entry {
      nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: value)
    }
    var entries = [
      entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, UInt32(settings.streamWindow)),
      entry(NGHTTP2_SETTINGS_MAX_FRAME_SIZE, settings.maxFrameSize),
      entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, UInt32(settings.maxHeaderListSize)),
      // Without this nghttp2 keeps a priority tree, which costs on every stream.
      entry(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1),
    ]
    switch role {
    case .server: entries.append(entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings.maxConcurrentStreams))
    case .client: entries.append(entry(NGHTTP2_SETTINGS_ENABLE_PUSH, 0))
    }
    var result = nghttp2_submit_settings(raw, HTTP2Constants.flagNone, entries, entries.count)
    if result == 0 {
      result = nghttp2_session_set_local_window_size(raw, HTTP2Constants.flagNone, 0, settings.connectionWindow)
    }
    guard result == 0 else { throw HTTP2Error(code: Int(result), operation: "settings") }
  }

  // MARK: Bytes in and out

  /// Processes bytes from the peer; handlers are called from within.
  public func feed(_ bytes: UnsafeRawBufferPointer) throws(HTTP2Error) {
    guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
    let consumed = nghttp2_session_mem_recv(raw, base, bytes.count)
    guard consumed >= 0 else {
      switch consumed {
      case HTTP2Constants.flooded: offended(.controlFrames)
      case HTTP2Constants.tooManyContinuations: offended(.continuations)
      default: break
      }
      throw HTTP2Error(code: consumed, operation: "receive")
    }
    if unfinishedResets > settings.unfinishedResetRate {
      offended(.resets)
    } else if controlFrames > settings.controlFrameRate {
      offended(.controlFrames)
    }
  }

  private func offended(_ offence: HTTP2Offence) {
    guard self.offence == nil, role == .server else { return }
    self.offence = offence
    nghttp2_session_terminate_session(raw, HTTP2ErrorCode.enhanceYourCalm.rawValue)
  }

  @inline(__always)
  func receivedControlFrame() { controlFrames += 1 }

  /// Starts a new second of the limits that are per second. Call once a second, at least while bytes arrive.
  public func startInterval() {
    unfinishedResets = 0
    controlFrames = 0
    intervals += 1
  }

  /// Looks for streams that hold something for nobody, and tells their handlers or ends them.
  /// - Parameters:
  ///   - requestLimit: intervals after which a stream that got no answer is overdue; nil for never.
  ///   - stallLimit: intervals after which a stream is reset whose peer takes none of its output; nil for never.
  /// - Returns: the number of streams found.
  public func endOverdueStreams(requestLimit: Int?, stallLimit: Int?) -> Int {
    var overdue: [HTTP2Stream] = []
    var stalled: [HTTP2Stream] = []
    for stream in openStreams {
      if stream.output.count == 0 { stream.lastProgress = intervals }
      if let requestLimit, stream.headers == nil, !stream.outputEnded, intervals - stream.opened >= requestLimit {
        overdue.append(stream)
      } else if let stallLimit, intervals - stream.lastProgress >= stallLimit {
        stalled.append(stream)
      }
    }
    for stream in overdue { stream.handler?.overdue() }
    for stream in stalled { stream.reset(.cancel) }
    return overdue.count + stalled.count
  }

  /// Writes as many frames as fit.
  /// - Returns: the number of bytes written. Less than what fits means that nothing more waits.
  public func drain(into region: UnsafeMutableRawBufferPointer) throws(HTTP2Error) -> Int {
    self.region = region
    regionUsed = 0
    defer { self.region = UnsafeMutableRawBufferPointer(start: nil, count: 0) }
    isBlocked = false
    while copyLeftover() {
      var chunk: UnsafePointer<UInt8>?
      let length = nghttp2_session_mem_send(raw, &chunk)
      guard length >= 0 else { throw HTTP2Error(code: length, operation: "send") }
      guard length > 0 else { break }
      leftover = UnsafeRawBufferPointer(start: chunk, count: length)
    }
    return regionUsed
  }

  /// The last ``drain(into:)`` stopped because the region was full.
  public var hasMoreOutput: Bool { isBlocked || !leftover.isEmpty }
  var isBlocked = false

  /// - Returns: whether everything fitted.
  private func copyLeftover() -> Bool {
    guard let source = leftover.baseAddress, let target = region.baseAddress else { return leftover.isEmpty }
    let length = min(leftover.count, region.count - regionUsed)
    (target + regionUsed).copyMemory(from: source, byteCount: length)
    regionUsed += length
    leftover = UnsafeRawBufferPointer(rebasing: leftover[length...])
    return leftover.isEmpty
  }

  /// Whether nghttp2 has frames to send.
  public var wantsWrite: Bool { hasMoreOutput || nghttp2_session_want_write(raw) != 0 }

  /// Neither side will send anything more; the connection can be closed.
  public var isFinished: Bool {
    !hasMoreOutput && nghttp2_session_want_read(raw) == 0 && nghttp2_session_want_write(raw) == 0
  }

  // MARK: Ending

  /// Tells the peer to open no more streams here. Streams it opens until it reads this are still served.
  public func announceShutdown() { nghttp2_submit_shutdown_notice(raw) }

  /// Refuses streams opened from now on; open streams go on.
  public func goAway() {
    nghttp2_submit_goaway(
      raw, HTTP2Constants.flagNone, nghttp2_session_get_last_proc_stream_id(raw), HTTP2ErrorCode.noError.rawValue,
      nil, 0)
  }

  /// The socket is gone: closes every stream. Call once, last.
  public func disconnected() {
    while let stream = openStreams.last { close(stream, .cancel) }
  }

  // MARK: Streams

  /// Opens a stream (client role).
  /// - Returns: nil when no stream can be opened any more.
  public func open(_ headers: HeaderBlock, handler: any HTTP2StreamHandler) -> HTTP2Stream? {
    let stream = takeStream()
    stream.handler = handler
    stream.headers = headers
    let pointer = Unmanaged.passUnretained(stream).toOpaque()
    var provider = dataProvider(stream)
    let id = nghttp2_submit_request(raw, nil, headers.entries.baseAddress, headers.entries.count, &provider, pointer)
    guard id > 0 else {
      spareStreams.append(stream)
      return nil
    }
    stream.prepare(id: id)
    add(stream)
    return stream
  }

  /// Streams that are open.
  public var openStreamCount: Int { openStreams.count }

  func peerOpenedStream(id: Int32) -> Bool {
    let stream = takeStream()
    stream.prepare(id: id)
    stream.opened = intervals
    stream.lastProgress = intervals
    openedStreams += 1
    guard let handler = application?.handler(for: stream) else {
      spareStreams.append(stream)
      return false
    }
    stream.handler = handler
    nghttp2_session_set_stream_user_data(raw, id, Unmanaged.passUnretained(stream).toOpaque())
    add(stream)
    return true
  }

  func submitResponse(_ stream: HTTP2Stream, _ headers: HeaderBlock, endStream: Bool = false) {
    if endStream {
      nghttp2_submit_response(raw, stream.id, headers.entries.baseAddress, headers.entries.count, nil)
    } else {
      var provider = dataProvider(stream)
      nghttp2_submit_response(raw, stream.id, headers.entries.baseAddress, headers.entries.count, &provider)
    }
  }

  private func dataProvider(_ stream: HTTP2Stream) -> nghttp2_data_provider {
    nghttp2_data_provider(
      source: nghttp2_data_source(ptr: Unmanaged.passUnretained(stream).toOpaque()),
      read_callback: HTTP2Callbacks.readData)
  }

  @inline(__always)
  func outputAdded(_ stream: HTTP2Stream) {
    guard stream.isDeferred else { return }
    stream.isDeferred = false
    nghttp2_session_resume_data(raw, stream.id)
  }

  func received(_ bytes: UnsafeRawBufferPointer, on stream: HTTP2Stream) {
    stream.handler?.receivedData(bytes)
    giveBack(bytes.count, stream)
  }

  /// Gives received bytes back to the peer's windows, unless output piles up because the peer does not read.
  func giveBack(_ length: Int, _ stream: HTTP2Stream) {
    if isReceivingHeld { withheldConnection += length } else { nghttp2_session_consume_connection(raw, length) }
    if stream.output.count > outputHighWater {
      stream.withheld += length
    } else {
      nghttp2_session_consume_stream(raw, stream.id, length)
    }
  }

  func outputTaken(_ stream: HTTP2Stream) {
    stream.lastProgress = intervals
    if stream.withheld > 0, stream.output.count <= outputHighWater / 2 {
      nghttp2_session_consume_stream(raw, stream.id, stream.withheld)
      stream.withheld = 0
    }
    if stream.output.count == 0 { stream.handler?.outputDrained() }
  }

  private func giveBackWithheldConnectionWindow() {
    nghttp2_session_consume_connection(raw, withheldConnection)
    withheldConnection = 0
  }

  func receivedGoAway() { peerIsGoingAway = true }

  func close(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
    if code != .noError, role == .server, !stream.outputEnded, !stream.isComplete { unfinishedResets += 1 }
    let last = openStreams.count - 1
    if stream.position != last {
      openStreams[stream.position] = openStreams[last]
      openStreams[stream.position].position = stream.position
    }
    openStreams.removeLast()
    nghttp2_session_set_stream_user_data(raw, stream.id, nil)
    let handler = stream.handler
    stream.handler = nil
    stream.output.removeAll()
    stream.headers = nil
    stream.trailers = nil
    handler?.closed(code)
    if spareStreams.count < 1_024 { spareStreams.append(stream) }
  }

  private func takeStream() -> HTTP2Stream { spareStreams.popLast() ?? HTTP2Stream(session: self) }

  private func add(_ stream: HTTP2Stream) {
    stream.position = openStreams.count
    openStreams.append(stream)
  }
}
