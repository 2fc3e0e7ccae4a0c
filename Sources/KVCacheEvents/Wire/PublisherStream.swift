/// Our side of a ZMTP 3 connection to a model server: what to send, and the messages in what arrives.
///
/// The mechanism is NULL. The socket type is SUB towards a publisher, and DEALER towards the socket where lost messages
/// are asked for. The caller moves the bytes; any error is final, and the connection has
/// to be closed then. Memory is bounded by `maximumMessageBytes` and a frame header. (ZMTP 3.1, ZeroMQ RFC 37.)
public struct PublisherStream: Sendable {
  /// Why a connection cannot go on.
  public enum Failure: Error, Equatable, Sendable {
    /// The peer does not greet as ZMTP 3 does.
    case greeting
    /// The peer wants another security mechanism than NULL.
    case mechanism
    /// A frame has flags that are not defined, or does not belong where it came.
    case frame
    /// The peer's socket is not of the type expected, or it refused us.
    case handshake
    /// A message exceeds the bound.
    case size
  }

  private enum State {
    case greeting, handshake, messages
  }

  /// Frames of one message at most.
  public static let maximumFrames = 16
  /// The most bytes that the frames of one message may have together.
  public let maximumMessageBytes: Int
  private let type: String
  private let peers: Set<String>
  /// The frames to send once the peer has introduced itself.
  private let opening: [[UInt8]]
  private var state = State.greeting
  private var input: [UInt8] = []
  private var used = 0
  private var parts: [[UInt8]] = []
  private var partBytes = 0
  private var output: [UInt8]

  /// A connection to a publisher that has just been made. `topic` is the prefix of the topics to subscribe to.
  public init(topic: String, maximumMessageBytes: Int = 16 << 20) {
    // A message of 1 and the prefix, which publishers of 3.0 and of 3.1 both take for a subscription.
    self.init(
      type: "SUB", peers: ["PUB", "XPUB"], opening: [[1] + Array(topic.utf8)],
      maximumMessageBytes: maximumMessageBytes)
  }

  /// A connection that has just been made to where a server repeats its messages, from the one with this number on.
  public init(replayFrom number: UInt64, maximumMessageBytes: Int = 16 << 20) {
    self.init(
      type: "DEALER", peers: ["ROUTER"],
      opening: [[], (0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }],
      maximumMessageBytes: maximumMessageBytes)
  }

  private init(type: String, peers: Set<String>, opening: [[UInt8]], maximumMessageBytes: Int) {
    self.type = type
    self.peers = peers
    self.opening = opening
    self.maximumMessageBytes = max(0, maximumMessageBytes)
    // Signature, version 3.1, mechanism padded to 20 bytes, not a server, filler.
    let mechanism = Array("NULL".utf8)
    output = [0xFF] + Array(repeating: 0, count: 8) + [0x7F, 3, 1] + mechanism + Array(repeating: 0, count: 48)
  }

  /// Whether the server has introduced itself, so that messages can come.
  public var isSubscribed: Bool { state == .messages }

  /// Bytes that are kept until the message they belong to is complete.
  public var bufferedBytes: Int { input.count + partBytes }

  /// Takes what has to be sent now.
  public mutating func takeOutput() -> [UInt8] {
    defer { output = [] }
    return output
  }

  /// Takes bytes that have arrived and gives the messages they complete, each a list of frames.
  public mutating func receive(_ bytes: some Sequence<UInt8>) throws(Failure) -> [[[UInt8]]] {
    input.append(contentsOf: bytes)
    defer {
      input.removeFirst(used)
      used = 0
    }
    if state == .greeting {
      guard try receiveGreeting() else { return [] }
    }
    var messages: [[[UInt8]]] = []
    while let (flags, body) = try nextFrame() {
      if flags & 0x04 != 0 {
        guard flags & 0x01 == 0, parts.isEmpty else { throw .frame }
        try receiveCommand(body)
        continue
      }
      guard state == .messages else { throw .handshake }
      guard parts.count < Self.maximumFrames else { throw .size }
      parts.append(Array(body))
      partBytes += body.count
      if flags & 0x01 == 0 {
        messages.append(parts)
        parts = []
        partBytes = 0
      }
    }
    return messages
  }

  /// False until the greeting is complete; what has come of it is checked at once.
  private mutating func receiveGreeting() throws(Failure) -> Bool {
    if let first = input.first, first != 0xFF { throw .greeting }
    if input.count > 9, input[9] != 0x7F { throw .greeting }
    if input.count > 10, input[10] < 3 { throw .greeting }
    guard input.count >= 64 else { return false }
    guard Array(input[12..<32]) == Array("NULL".utf8) + Array(repeating: 0, count: 16) else { throw .mechanism }
    used = 64
    state = .handshake
    let property = Array("Socket-Type".utf8)
    appendCommand("READY", [UInt8(property.count)] + property + [0, 0, 0, UInt8(type.utf8.count)] + Array(type.utf8))
    return true
  }

  /// The next whole frame; nil until there is one.
  private mutating func nextFrame() throws(Failure) -> (flags: UInt8, body: ArraySlice<UInt8>)? {
    guard used < input.count else { return nil }
    let flags = input[used]
    guard flags & ~0x07 == 0 else { throw .frame }
    let header = flags & 0x02 == 0 ? 2 : 9
    guard input.count - used >= header else { return nil }
    let length = input[used + 1..<used + header].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(maximumMessageBytes - partBytes) else { throw .size }
    guard input.count - used - header >= Int(length) else { return nil }
    let start = used + header
    used = start + Int(length)
    return (flags, input[start..<used])
  }

  private mutating func receiveCommand(_ body: ArraySlice<UInt8>) throws(Failure) {
    guard let length = body.first, body.count > Int(length) else { throw .frame }
    let name = String(decoding: body.dropFirst().prefix(Int(length)), as: UTF8.self)
    let data = body.dropFirst(1 + Int(length))
    switch (state, name) {
    case (.handshake, "READY"):
      guard let type = Self.socketType(data), peers.contains(type) else { throw .handshake }
      state = .messages
      for (index, frame) in opening.enumerated() { appendFrame(flags: index + 1 < opening.count ? 0x01 : 0, frame) }
    case (.messages, "PING"):
      // Two bytes of time to live, then a context of at most 16 bytes that the answer repeats.
      appendCommand("PONG", Array(data.dropFirst(2).prefix(16)))
    case (.handshake, _), (_, "ERROR"): throw .handshake
    default: break
    }
  }

  /// The value of the property Socket-Type; nil if it is missing or the properties are damaged.
  private static func socketType(_ properties: ArraySlice<UInt8>) -> String? {
    var rest = properties
    while let nameLength = rest.popFirst() {
      guard rest.count >= Int(nameLength) + 4 else { return nil }
      let name = String(decoding: rest.prefix(Int(nameLength)), as: UTF8.self)
      rest = rest.dropFirst(Int(nameLength))
      let length = rest.prefix(4).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      rest = rest.dropFirst(4)
      guard length <= UInt64(rest.count) else { return nil }
      if name.lowercased() == "socket-type" { return String(decoding: rest.prefix(Int(length)), as: UTF8.self) }
      rest = rest.dropFirst(Int(length))
    }
    return nil
  }

  private mutating func appendCommand(_ name: String, _ data: [UInt8]) {
    appendFrame(flags: 0x04, [UInt8(name.utf8.count)] + Array(name.utf8) + data)
  }

  private mutating func appendFrame(flags: UInt8, _ body: [UInt8]) {
    if body.count < 256 {
      output += [flags, UInt8(body.count)]
    } else {
      output.append(flags | 0x02)
      output += (0..<8).reversed().map { UInt8(truncatingIfNeeded: body.count >> (8 * $0)) }
    }
    output += body
  }
}
