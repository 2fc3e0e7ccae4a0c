import ByteStorage
import GRPCFraming
import HTTP2

/// The transport's end of one call: reads messages, sends messages and the status.
///
/// Belongs to the event loop of its connection and must not be kept after ``GRPCCall/ended()``.
public final class GRPCServerStream: HTTP2StreamHandler {
  /// The connection closes all its streams before it goes.
  private unowned(unsafe) let connection: GRPCServerConnection
  private var http2: HTTP2Stream?
  private var call: (any GRPCCall)?
  private let reader = GRPCMessageReader()
  private var method: (any GRPCMethod)?
  private var hasContentType = false
  private var hasPostMethod = false
  private var sentHeaders = false
  private var isFinished = false
  private var sawHeaders = false
  /// Whether the call ends because the client reset its stream; told with ``GRPCCall/ended()``.
  public private(set) var wasResetByClient = false
  /// Bytes taken from the connection's budget.
  private var charged = 0
  private var retained = 0
  /// What the bytes are counted in besides.
  private var share: BufferBudget.Total?
  /// Whom the client means to talk to (`:authority`), cut off after ``maximumAuthority`` bytes; empty if it did not say.
  public private(set) var authority: [UInt8] = []

  /// Longest authority that is kept: a DNS name with a port, and what proxies write around it.
  static let maximumAuthority = 512

  init(connection: GRPCServerConnection) {
    self.connection = connection
  }

  func begin(_ stream: HTTP2Stream) {
    http2 = stream
    method = nil
    hasContentType = false
    hasPostMethod = false
    sentHeaders = false
    isFinished = false
    sawHeaders = false
    authority.removeAll(keepingCapacity: true)
    wasResetByClient = false
  }

  // MARK: For the application

  /// Takes over the memory of the message being delivered, if it was assembled in a block of its own. The message's
  /// bytes are then the block's bytes.
  public func takeMessageBlock() -> ByteBlock? { reader.takeBlock() }

  /// Tells how many bytes the application holds for this call, for the connection's and the total cap.
  /// - Returns: the cap that was reached, nil if all is well.
  public func retain(_ bytes: Int) -> GRPCLimit? {
    retained = bytes
    return settleBudget()
  }

  /// Counts the call's bytes in a total of the application's too. To be called when the call is made.
  package func count(in share: BufferBudget.Total) { self.share = share }

  /// Bytes sent that the client has not made room for yet.
  public var pendingOutput: Int { http2?.pendingOutput ?? 0 }

  /// Sends a message of `length` bytes which `fill` stores through the pointer it is given.
  @inline(__always)
  public func send(length: Int, _ fill: (UnsafeMutableRawPointer) -> Void) {
    guard let http2, !isFinished else { return }
    sendHeadersOnce(http2)
    http2.write(length: 5 + length) { pointer in
      Self.storePrefix(pointer, length)
      fill(pointer + 5)
    }
  }

  /// Sends a message made of `head`, a part of a block that is not copied, and `tail`.
  ///
  /// The block must stay as it is until the call ended or ``GRPCCall/outputDrained()``.
  public func send(
    head: Int, _ fillHead: (UnsafeMutableRawPointer) -> Void, block: ByteBlock, range: Range<Int>, tail: StaticString
  ) {
    guard let http2, !isFinished else { return }
    sendHeadersOnce(http2)
    http2.write(length: 5 + head) { pointer in
      Self.storePrefix(pointer, head + range.count + tail.utf8CodeUnitCount)
      fillHead(pointer + 5)
    }
    http2.write(block, range)
    http2.write(UnsafeRawBufferPointer(start: tail.utf8Start, count: tail.utf8CodeUnitCount))
  }

  /// The client has had everything it asked for: that it resets the stream from here on is no abuse.
  public func markComplete() { http2?.isComplete = true }

  /// Ends the call. Messages sent before still arrive; nothing more is received.
  public func finish(_ status: GRPCStatus) {
    guard let http2, !isFinished else { return }
    isFinished = true
    if sentHeaders {
      http2.finish(trailers: GRPCHeaders.trailers(status))
    } else {
      http2.respondOnly(GRPCHeaders.trailersOnly(status))
    }
    connection.setNeedsFlush()
  }

  // MARK: For the transport

  /// Looks for the headers that make a call.
  public func receivedHeader(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) {
    guard !sawHeaders else { return }
    switch name.count {
    case 5 where GRPCHeaders.equal(name, ":path"):
      method = connection.method(at: value)
    case 7 where GRPCHeaders.equal(name, ":method"):
      hasPostMethod = GRPCHeaders.equal(value, "POST")
    case 10 where GRPCHeaders.equal(name, ":authority"):
      authority.append(contentsOf: value.prefix(Self.maximumAuthority))
    case 12 where GRPCHeaders.equal(name, "content-type"):
      hasContentType = GRPCHeaders.hasPrefix(value, "application/grpc")
    default:
      break
    }
  }

  /// Starts the call, or refuses what is none.
  public func receivedHeaders() {
    guard !sawHeaders, let http2 else { return }
    sawHeaders = true
    guard hasPostMethod, hasContentType else {
      isFinished = true
      http2.respondOnly(hasPostMethod ? GRPCHeaders.unsupportedMediaType : GRPCHeaders.methodNotAllowed)
      return
    }
    guard let method else { return finish(GRPCStatus(.unimplemented, "unknown method")) }
    call = method.makeCall(self, on: connection.eventLoop)
  }

  /// Cuts messages out of the bytes and hands them to the call.
  public func receivedData(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes
    while let call, !isFinished {
      switch reader.next(in: &rest, maxMessageBytes: connection.configuration.maxMessageBytes) {
      case .message(let message):
        call.received(message)
      case .needsBytes:
        if let limit = settleBudget() { exceeded(limit, call) }
        return
      case .tooLarge(let announced):
        return exceeded(.messageSize(announced: announced), call)
      case .compressed:
        return finish(GRPCStatus(.unimplemented, "message compression is not supported"))
      }
    }
  }

  private func exceeded(_ limit: GRPCLimit, _ call: any GRPCCall) {
    call.exceeded(limit)
    finish(GRPCStatus(limit == .requestTime ? .deadlineExceeded : .resourceExhausted, "\(limit)"))
    reader.reset()
  }

  /// Has the call give its request up.
  public func overdue() {
    guard !isFinished else { return }
    guard let call else {
      // Not even the headers are complete.
      http2?.reset(.cancel)
      return
    }
    exceeded(.requestTime, call)
  }

  /// Tells the call that the client sends no more.
  public func receivedEnd() {
    guard let call, !isFinished else { return }
    guard !reader.isInsideMessage else {
      return finish(GRPCStatus(.internal, "the stream ended inside a message"))
    }
    call.receivedHalfClose()
  }

  /// Tells the call that everything was handed over.
  public func outputDrained() {
    call?.outputDrained()
  }

  /// Ends the call and makes the object ready for another.
  public func closed(_ code: HTTP2ErrorCode) {
    let wasFinished = isFinished || http2?.isComplete == true
    connection.counters.closed(isReset: code != .noError, wasFinished: wasFinished)
    wasResetByClient = http2?.isResetByPeer == true
    http2 = nil
    isFinished = true
    let ended = call
    call = nil
    method = nil
    ended?.ended()
    reader.reset()
    retained = 0
    // What a spare object keeps is not held for anybody.
    if charged > 0 {
      connection.budget.release(charged)
      share?.release(charged)
    }
    charged = 0
    share = nil
    connection.streamClosed(self)
  }

  private func settleBudget() -> GRPCLimit? {
    let wanted = retained + reader.footprint
    let change = wanted - charged
    // Small differences are not worth the shared counter.
    guard change > 16 << 10 || change < 0 else { return nil }
    if change > 0 {
      if let share, !share.charge(change) { return .sharedBuffers }
      if let limit = connection.budget.charge(change) {
        share?.release(change)
        return limit
      }
    } else {
      connection.budget.release(-change)
      share?.release(-change)
    }
    charged = wanted
    return nil
  }

  @inline(__always)
  private func sendHeadersOnce(_ http2: HTTP2Stream) {
    guard !sentHeaders else {
      connection.setNeedsFlush()
      return
    }
    sentHeaders = true
    http2.respond(GRPCHeaders.response)
    connection.setNeedsFlush()
  }

  @inline(__always)
  private static func storePrefix(_ pointer: UnsafeMutableRawPointer, _ length: Int) {
    pointer.storeBytes(of: 0, as: UInt8.self)
    pointer.storeBytes(of: UInt32(truncatingIfNeeded: length).bigEndian, toByteOffset: 1, as: UInt32.self)
  }
}
