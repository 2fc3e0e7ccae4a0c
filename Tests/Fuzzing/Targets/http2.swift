import HTTP2

/// A server session that is fed anything answers with an error or goes on, and tells each handler once that its stream
/// is gone. The first byte says how the rest is cut; inputs need no preface.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 1 else { return 0 }
  let application = Application()
  var settings = HTTP2Settings()
  settings.maxHeaderListSize = 2_048
  settings.controlFrameRate = 50
  settings.unfinishedResetRate = 20
  settings.maxConcurrentStreams = 16
  guard let session = try? HTTP2Session(role: .server, settings: settings, application: application) else { return 0 }
  let piece = start[0] == 0 ? count : Int(start[0])
  var isAlive = preface.withUnsafeBytes { feed(session, $0) }
  var offset = 1
  while isAlive, offset < count {
    let length = min(piece, count - offset)
    isAlive = feed(session, UnsafeRawBufferPointer(start: start + offset, count: length))
    offset += length
    // What a session says last must not depend on a peer that behaves.
    drain(session)
    if offset % 3 == 0 {
      session.startInterval()
      _ = session.endOverdueStreams(requestLimit: 4, stallLimit: 4)
    }
  }
  session.disconnected()
  precondition(session.openStreamCount == 0)
  precondition(application.handlers.allSatisfy { $0.closings == 1 }, "a handler was not told exactly once")
  return 0
}

private let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]

private func feed(_ session: HTTP2Session, _ bytes: UnsafeRawBufferPointer) -> Bool {
  (try? session.feed(bytes)) != nil
}

private func drain(_ session: HTTP2Session) {
  let region = UnsafeMutableRawBufferPointer.allocate(byteCount: 32 << 10, alignment: 16)
  defer { region.deallocate() }
  var turns = 0
  while let length = try? session.drain(into: region), length > 0, session.hasMoreOutput, turns < 1_000 { turns += 1 }
}

private final class Application: HTTP2Application {
  var handlers: [Echo] = []

  func handler(for stream: HTTP2Stream) -> (any HTTP2StreamHandler)? {
    guard handlers.count % 7 != 6 else {
      handlers.append(Echo(nil))
      return nil
    }
    handlers.append(Echo(stream))
    return handlers.last
  }
}

private final class Echo: HTTP2StreamHandler {
  private var stream: HTTP2Stream?
  private var hasResponded = false
  var closings: Int

  init(_ stream: HTTP2Stream?) {
    self.stream = stream
    closings = stream == nil ? 1 : 0
  }

  func receivedHeader(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) {
    precondition(name.count + value.count <= 4_096)
  }
  func receivedHeaders() {
    if !hasResponded { stream?.respond(HeaderBlock([(":status", "200")])) }
    hasResponded = true
  }
  func receivedData(_ bytes: UnsafeRawBufferPointer) { stream?.write(bytes) }
  func receivedEnd() { stream?.finish(trailers: HeaderBlock([("grpc-status", "0")])) }
  func outputDrained() {}
  func overdue() { stream?.reset(.cancel) }
  func closed(_ code: HTTP2ErrorCode) {
    closings += 1
    stream = nil
  }
}
