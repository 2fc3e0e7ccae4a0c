import ExtProc
import Testing

/// What a proxy sends is understood, whoever wrote it.
@Suite struct ProcessingMessageTests {
  private let packing = Packing()
  private let arena = Arena()

  /// A message with what it holds copied out of the views.
  private struct Copy: Equatable {
    enum Content: Equatable {
      case headers([String], endOfStream: Bool)
      case body([UInt8], endOfStream: Bool)
      case trailers
    }

    var direction: ProcessingMessage.Direction
    var content: Content?
    var metadata: [UInt8] = []
    var modes: BodyModes?
  }

  private func read(_ bytes: [UInt8]) throws -> Copy {
    let guarded = try #require(GuardedBytes(bytes))
    let message = try ProcessingMessage(guarded.bytes, arena: arena)
    let content: Copy.Content? =
      switch message.content {
      case .headers(let view, let endOfStream):
        .headers(
          view.map { "\(String(decoding: $0.name, as: UTF8.self)): \(String(decoding: $0.value, as: UTF8.self))" },
          endOfStream: endOfStream)
      case .body(let bytes, let endOfStream): .body(Array(bytes), endOfStream: endOfStream)
      case .trailers: .trailers
      case nil: nil
      }
    return Copy(
      direction: message.direction, content: content, metadata: Array(message.metadata), modes: message.bodyModes)
  }

  // MARK: Packed by protobuf-c

  @Test(arguments: [false, true])
  func headers(endOfStream: Bool) throws {
    let headers: [Packing.Header] = [
      (":path", "/v1/completions", ""), ("x-request-id", "", "17"), ("both", "value", "raw"), ("empty", "", ""),
    ]
    let expected = [":path: /v1/completions", "x-request-id: 17", "both: raw", "empty: "]
    #expect(
      try read(packing.requestHeaders(headers, endOfStream: endOfStream))
        == Copy(direction: .request, content: .headers(expected, endOfStream: endOfStream)))
    #expect(
      try read(packing.responseHeaders(headers, endOfStream: endOfStream))
        == Copy(direction: .response, content: .headers(expected, endOfStream: endOfStream)))
    #expect(
      try read(packing.requestHeaders([])) == Copy(direction: .request, content: .headers([], endOfStream: false)))
  }

  @Test(arguments: [ProcessingMessage.Direction.request, .response], [false, true])
  func bodies(direction: ProcessingMessage.Direction, endOfStream: Bool) throws {
    for length in [0, 1, 127, 128, 16_383, 16_384, 62_000, 400_000] {
      let body = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      let copy = try read(packing.body(direction, body, endOfStream: endOfStream))
      #expect(copy.direction == direction)
      #expect((copy.content == .body(body, endOfStream: endOfStream)) == true)
    }
  }

  @Test(arguments: [ProcessingMessage.Direction.request, .response])
  func trailers(direction: ProcessingMessage.Direction) throws {
    #expect(try read(packing.trailers(direction)) == Copy(direction: direction, content: .trailers))
  }

  @Test func attributesAlone() throws {
    #expect(try read(packing.attributesAlone()).content == nil)
    #expect(try read([]).content == nil)
  }

  /// Metadata can come with any message.
  @Test func metadataComesWithEveryMessage() throws {
    let metadata = packing.metadata([("envoy.lb", [("key", .string("value"))])])
    let messages = [
      packing.requestHeaders([], metadata: metadata), packing.responseHeaders([], metadata: metadata),
      packing.body(.request, [1], endOfStream: true, metadata: metadata),
      packing.body(.response, [1], endOfStream: false, metadata: metadata),
      packing.trailers(.request, metadata: metadata), packing.trailers(.response, metadata: metadata),
    ]
    for message in messages { #expect(try read(message).metadata == metadata) }
  }

  @Test func bodyModes() throws {
    let modes: [(UInt32, BodyMode?)] = [
      (0, BodyMode.none), (1, .streamed), (2, .buffered), (3, .bufferedPartial), (4, .fullDuplexStreamed), (5, nil),
      (77, nil),
    ]
    for (number, mode) in modes {
      for isEarly in [false, true] {
        let expected = BodyModes(request: mode, response: .fullDuplexStreamed)
        #expect(try read(packing.requestHeaders([], modes: (number, 4, isEarly))).modes == expected)
        #expect(
          try read(packing.body(.request, [1, 2], endOfStream: true, modes: (number, 4, isEarly))).modes == expected)
      }
    }
    #expect(try read(packing.requestHeaders([])).modes == nil)
    #expect(try read(packing.body(.request, [], endOfStream: true)).modes == nil)
  }

  /// Bodies are not copied: the view lies in the bytes received.
  @Test func bodiesAreReadInPlace() throws {
    let bytes = packing.body(.response, Array(repeating: 9, count: 1_000), endOfStream: true)
    try bytes.withUnsafeBytes { bytes in
      guard case .body(let body, _) = try ProcessingMessage(bytes, arena: arena).content else {
        Issue.record("no body")
        return
      }
      let start = try #require(body.baseAddress)
      let outer = try #require(bytes.baseAddress)
      #expect(start >= outer && start + body.count <= outer + bytes.count)
    }
  }

  // MARK: Made by hand

  @Test func unknownFieldsAreSkipped() throws {
    let map = Wire.field(1, Wire.unknownFields + Wire.field(1, "name") + Wire.unknownFields + Wire.field(3, "value"))
    let headers = Wire.field(1, Wire.unknownFields + map) + Wire.unknownFields + Wire.field(3, 1)
    #expect(
      try read(Wire.unknownFields + Wire.field(2, headers) + Wire.unknownFields)
        == Copy(direction: .request, content: .headers(["name: value"], endOfStream: true)))

    let body = Wire.unknownFields + Wire.field(1, [5, 6]) + Wire.unknownFields + Wire.field(2, 1)
    #expect(
      try read(Wire.unknownFields + Wire.field(5, body) + Wire.unknownFields)
        == Copy(direction: .response, content: .body([5, 6], endOfStream: true)))
  }

  /// Fields may come in any order.
  @Test func orderDoesNotMatter() throws {
    let modes = Wire.field(2, 1) + Wire.field(1, 4)
    let body = Wire.field(2, 1) + Wire.field(1, [5])
    for message in [
      Wire.field(11, modes) + Wire.field(8, [0]) + Wire.field(4, body),
      Wire.field(4, body) + Wire.field(8, [0]) + Wire.field(11, modes),
    ] {
      #expect(
        try read(message)
          == Copy(
            direction: .request, content: .body([5], endOfStream: true), metadata: [0],
            modes: BodyModes(request: .fullDuplexStreamed, response: .streamed)))
    }
  }

  @Test func longVarintsAreUnderstood() throws {
    // `end_of_stream` written in ten bytes, and a key in more than it needs.
    let eos: [UInt8] = [0x90, 0x80, 0x00] + [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]
    let copy = try read(Wire.field(4, Wire.field(1, [1]) + eos))
    #expect(copy.content == .body([1], endOfStream: true))
  }

  @Test(
    arguments: [
      // A length beyond the end, of the largest kind too.
      [0x22, 0x05, 0x0A], [0x22, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
      // A varint without end.
      Array(repeating: 0xFF, count: 30),
      // Groups, wire types that do not exist, tag 0.
      [0x23, 0x24], [0x26], [0x27], [0x00, 0x00],
      // Fixed-width fields cut short.
      [0x99, 0x38, 1, 2, 3], [0x9D, 0x38, 1, 2],
      // Faults inside of the body and of the modes.
      [0x22, 0x02, 0x0A, 0x05], [0x22, 0x00, 0x5A, 0x02, 0x08, 0xFF],
      // Faults in headers.
      [0x12, 0x02, 0x0A, 0x05], [0x12, 0x05, 0x0A],
    ] as [[UInt8]])
  func malformed(bytes: [UInt8]) throws {
    #expect(throws: ProcessingMessageError.self) { try read(bytes) }
  }

  // MARK: Broken messages

  private var samples: [[UInt8]] {
    let metadata = packing.metadata([
      ("envoy.lb.subset_hint", [("x", .list([.string("10.0.0.1:8000"), .structure([("y", .number(1))])]))])
    ])
    return [
      packing.requestHeaders(
        [(":path", "/v1/completions", ""), ("a", "", "b")], metadata: metadata, modes: (4, 4, true)),
      packing.responseHeaders([(":status", "", "200")], endOfStream: true),
      packing.body(
        .request, Array(repeating: 3, count: 300), endOfStream: true, metadata: metadata, modes: (4, 4, false)),
      packing.body(.response, [1], endOfStream: false), packing.trailers(.request), packing.trailers(.response),
      packing.attributesAlone(),
      Wire.unknownFields + Wire.field(4, Wire.unknownFields + Wire.field(1, [5, 6])) + Wire.unknownFields,
    ]
  }

  /// Touches everything a message leads to. Throwing is fine; anything else that goes wrong is a crash.
  private func exercise(_ bytes: [UInt8]) throws {
    let guarded = try #require(GuardedBytes(bytes))
    arena.reset()
    do throws(ProcessingMessageError) {
      let message = try ProcessingMessage(guarded.bytes, arena: arena)
      switch message.content {
      case .headers(let view, _):
        for header in view { _ = header.name.count + header.value.reduce(0) { $0 &+ Int($1) } }
        _ = view.last(":path" as StaticString)
      case .body(let body, _): _ = body.reduce(0) { $0 &+ Int($1) }
      case .trailers, nil: break
      }
      guard let metadata = try MetadataView(message.metadata, arena: arena) else { return }
      _ = metadata.strings(namespace: ExtProcNames.subsetNamespace, key: "x")
      _ = metadata.string(namespace: ExtProcNames.loadBalancerNamespace, key: "x")
    } catch {
      guard case .malformed(let what) = error else { return }
      #expect(!what.isEmpty)
    }
  }

  @Test func everyPrefixIsHarmless() throws {
    for sample in samples {
      for length in 0...sample.count { try exercise(Array(sample[..<length])) }
    }
  }

  /// A body message that is cut within the body is an error, never a shorter body.
  @Test func cutBodiesAreErrors() throws {
    let bytes = packing.body(.request, Array(repeating: 3, count: 300), endOfStream: true)
    for length in 1..<bytes.count {
      #expect(throws: ProcessingMessageError.self) { try read(Array(bytes[..<length])) }
    }
  }

  @Test(arguments: 0..<8)
  func changedBytesAreHarmless(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for sample in samples {
      for _ in 0..<1_000 {
        var bytes = sample
        for _ in 0..<Int.random(in: 1...5, using: &random) where !bytes.isEmpty {
          let position = Int.random(in: 0..<bytes.count, using: &random)
          switch Int.random(in: 0..<3, using: &random) {
          case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
          case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
          default: bytes.remove(at: position)
          }
        }
        try exercise(bytes)
      }
    }
  }

  @Test func noiseIsHarmless() throws {
    var random = SeededGenerator(seed: 99)
    for _ in 0..<20_000 {
      try exercise((0..<Int.random(in: 0...60, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
  }
}
