import HTTP2

/// A client and a server session joined in memory.
final class SessionPair {
  let client: HTTP2Session
  let server: HTTP2Session
  let application: RecordingApplication
  /// Size of the region each drain writes into, in bytes.
  var region = 64 << 10
  /// Cuts what is fed into pieces of random length; nil feeds each drained region whole.
  var cuts: SeededGenerator?
  /// Longest piece when cutting.
  var longestCut = 4_096
  /// Frames the server sent; filled only while ``isLogging``.
  private(set) var serverFrames = FrameLog(hasPreface: false)
  /// Frames the client sent; filled only while ``isLogging``.
  private(set) var clientFrames = FrameLog(hasPreface: true)
  var isLogging = false

  init(
    _ application: RecordingApplication = .echo(), client: HTTP2Settings = HTTP2Settings(),
    server: HTTP2Settings = HTTP2Settings()
  ) throws {
    self.application = application
    self.client = try HTTP2Session(role: .client, settings: client, application: nil)
    // Requests are queued whole. A client that then stopped reading, opposite a server that echoes, would wait forever.
    self.client.outputHighWater = .max
    self.server = try HTTP2Session(role: .server, settings: server, application: application)
  }

  /// Opens a request with nothing but headers so far.
  func open(_ headers: HeaderBlock = requestHeaders) throws -> RecordingHandler {
    let handler = RecordingHandler()
    guard let stream = client.open(headers, handler: handler) else { throw CannotOpen() }
    handler.stream = stream
    return handler
  }

  /// Opens a request and queues all of it.
  func request(_ body: [UInt8], trailers: HeaderBlock? = nil) throws -> RecordingHandler {
    let handler = try open()
    handler.stream?.write(body)
    handler.stream?.finish(trailers: trailers)
    return handler
  }

  /// Moves bytes in both directions until neither side has any.
  func exchange() throws {
    while try clientToServer() || serverToClient() {}
  }

  /// - Returns: whether there were any bytes.
  @discardableResult
  func clientToServer() throws -> Bool {
    let bytes = try drain(client)
    if isLogging { bytes.withUnsafeBytes { clientFrames.append($0) } }
    try feed(bytes, to: server)
    return !bytes.isEmpty
  }

  /// - Returns: whether there were any bytes.
  @discardableResult
  func serverToClient() throws -> Bool {
    let bytes = try drain(server)
    if isLogging { bytes.withUnsafeBytes { serverFrames.append($0) } }
    try feed(bytes, to: client)
    return !bytes.isEmpty
  }

  /// All bytes the session has to send now.
  func drain(_ session: HTTP2Session) throws -> [UInt8] {
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: region)
    repeat {
      let length = try buffer.withUnsafeMutableBytes { try session.drain(into: $0) }
      guard length > 0 || !session.hasMoreOutput else { throw Stalled() }
      result.append(contentsOf: buffer[..<length])
    } while session.hasMoreOutput
    return result
  }

  func feed(_ bytes: [UInt8], to session: HTTP2Session) throws {
    var start = 0
    while start < bytes.count {
      let length = min(nextCut() ?? bytes.count, bytes.count - start)
      try bytes[start..<(start + length)].withUnsafeBytes { try session.feed($0) }
      start += length
    }
  }

  private func nextCut() -> Int? {
    guard var generator = cuts else { return nil }
    defer { cuts = generator }
    return Int.random(in: 1...longestCut, using: &generator)
  }

  struct CannotOpen: Error {}
  /// A session says it has more output but writes none into an empty region.
  struct Stalled: Error {}
}
