import ExtProc
import Testing

/// Dynamic metadata: the endpoints a proxy allows, and the one that served.
@Suite struct MetadataViewTests {
  private let packing = Packing()
  private let arena = Arena()
  private let namespace: StaticString = "envoy.lb.subset_hint"
  private let key: StaticString = "x-gateway-destination-endpoint-subset"

  private func view(_ bytes: [UInt8]) throws -> MetadataView {
    let guarded = try #require(GuardedBytes(bytes))
    return try #require(try MetadataView(guarded.bytes, arena: arena))
  }

  private func strings(_ value: Packing.Value) throws -> [String]? {
    let bytes = packing.metadata([
      ("other", [("x-gateway-destination-endpoint-subset", .string("wrong"))]),
      ("envoy.lb.subset_hint", [("another", .number(1)), ("x-gateway-destination-endpoint-subset", value)]),
    ])
    return try view(bytes).strings(namespace: namespace, key: key)
  }

  @Test func listsOfStrings() throws {
    #expect(try strings(.list([.string("10.0.0.1:8000"), .string("[::1]:80")])) == ["10.0.0.1:8000", "[::1]:80"])
    #expect(try strings(.list([])) == [])
    // Items of other kinds are left out.
    let mixed: [Packing.Value] = [.number(1), .string("a"), .null, .bool(true), .list([.string("b")]), .string("c")]
    #expect(try strings(.list(mixed)) == ["a", "c"])
  }

  @Test func commaSeparatedStrings() throws {
    #expect(try strings(.string("10.0.0.1:8000")) == ["10.0.0.1:8000"])
    #expect(try strings(.string("10.0.0.1:8000, 10.0.0.2:8000 ,,")) == ["10.0.0.1:8000", "10.0.0.2:8000"])
    #expect(try strings(.string("")) == [])
  }

  @Test func otherKindsAreAsIfAbsent() throws {
    #expect(try strings(.number(1)) == nil)
    #expect(try strings(.bool(true)) == nil)
    #expect(try strings(.null) == nil)
    #expect(try strings(.structure([("a", .string("b"))])) == nil)
  }

  @Test func singleStrings() throws {
    let bytes = packing.metadata([
      ("envoy.lb", [("served", .string("10.0.0.1:8000")), ("number", .number(2)), ("list", .list([.string("a")]))])
    ])
    let view = try view(bytes)
    #expect(view.string(namespace: "envoy.lb", key: "served") == "10.0.0.1:8000")
    #expect(view.string(namespace: "envoy.lb", key: "number") == nil)
    #expect(view.string(namespace: "envoy.lb", key: "list") == nil)
    #expect(view.string(namespace: "envoy.lb", key: "serve") == nil)
    #expect(view.string(namespace: "envoy.lb", key: "served2") == nil)
    #expect(view.string(namespace: "envoy", key: "served") == nil)
    #expect(view.string(namespace: "envoy.lb.subset_hint", key: "served") == nil)
  }

  /// An empty subset is not the same as none.
  @Test func namespacesCanBeEmpty() throws {
    let view = try view(packing.metadata([("envoy.lb.subset_hint", []), ("other", [("a", .null)])]))
    #expect(view.contains(namespace: namespace))
    #expect(view.strings(namespace: namespace, key: key) == nil)
    #expect(view.contains(namespace: "other"))
    #expect(!view.contains(namespace: "envoy.lb"))
  }

  @Test func nestedValuesAreRead() throws {
    let nested = Packing.Value.structure([("a", .list([.structure([("b", .list([.list([]), .string("c")]))])]))])
    let view = try view(packing.metadata([("deep", [("value", nested), ("plain", .string("d"))])]))
    #expect(view.string(namespace: "deep", key: "plain") == "d")
    #expect(view.strings(namespace: "deep", key: "value") == nil)
  }

  @Test func noMetadata() throws {
    #expect(try MetadataView(UnsafeRawBufferPointer(start: nil, count: 0), arena: arena) == nil)
  }

  @Test(arguments: [[0x0A, 0x05, 0x0A], [0xFF], [0x0A, 0x03, 0x12, 0x05, 0x0A]] as [[UInt8]])
  func malformed(bytes: [UInt8]) {
    #expect(throws: ProcessingMessageError.malformed("Metadata")) {
      try bytes.withUnsafeBytes { bytes in _ = try MetadataView(bytes, arena: arena) }
    }
  }

  @Test func unknownFieldsAreSkipped() throws {
    let value = Wire.unknownFields + Wire.field(3, "10.0.0.1:80")
    let field = Wire.unknownFields + Wire.field(1, "served") + Wire.field(2, value)
    let entry =
      Wire.field(1, "envoy.lb") + Wire.unknownFields + Wire.field(2, Wire.field(1, field) + Wire.unknownFields)
    let view = try view(Wire.unknownFields + Wire.field(1, entry))
    #expect(view.string(namespace: "envoy.lb", key: "served") == "10.0.0.1:80")
  }

  // MARK: Nesting

  /// Metadata with a list in a list in a list.
  private static func nested(_ depth: Int, fieldBefore junk: [UInt8] = []) -> [UInt8] {
    // Written from the inside out, so back to front.
    var reversed = Array(Wire.field(3, "x").reversed())
    func wrap(_ tag: Int, after before: [UInt8] = []) {
      let head = before + Wire.key(tag, 2) + Wire.varint(UInt64(reversed.count))
      reversed.append(contentsOf: head.reversed())
    }
    for _ in 0..<depth {
      wrap(1)
      wrap(6, after: junk)
    }
    wrap(2, after: Wire.field(1, "b"))
    wrap(1)
    wrap(2, after: Wire.field(1, "a"))
    wrap(1)
    return reversed.reversed() + Wire.field(1, Wire.field(1, "c") + Wire.field(2, []))
  }

  @Test func someNestingIsAllowed() throws {
    for depth in [0, 1, 10, 31] { #expect(try view(Self.nested(depth)).contains(namespace: "c")) }
  }

  @Test func deepNestingIsRefused() {
    for depth in [33, 100, 1_000] {
      #expect(throws: ProcessingMessageError.malformed("Metadata")) { try view(Self.nested(depth)) }
    }
  }

  /// Lists within lists by the ten thousands: refused, or read, but not the end of the process.
  @Test func deepNestingIsHarmless() async {
    await #expect(processExitsWith: .success) {
      MetadataViewTests.nested(50_000).withUnsafeBytes { _ = try? MetadataView($0, arena: Arena()) }
    }
  }

  /// Deep values behind a field with the number 0, which readers may stop at or skip.
  @Test func deepNestingBehindOddFieldsIsHarmless() async {
    await #expect(processExitsWith: .success) {
      let metadata = MetadataViewTests.nested(50_000, fieldBefore: [0x00, 0x00])
      metadata.withUnsafeBytes { _ = try? MetadataView($0, arena: Arena()) }
      let outer = [0x00, 0x00] + MetadataViewTests.nested(50_000)
      outer.withUnsafeBytes { _ = try? MetadataView($0, arena: Arena()) }
    }
  }
}
