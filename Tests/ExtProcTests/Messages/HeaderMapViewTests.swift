import ExtProc
import Testing

/// Headers are found where they stand.
@Suite struct HeaderMapViewTests {
  private let packing = Packing()

  private func withView<Result>(_ bytes: [UInt8], _ body: (HeaderMapView) throws -> Result) throws -> Result {
    let guarded = try #require(GuardedBytes(bytes))
    return try body(HeaderMapView(guarded.bytes))
  }

  private func last(_ name: String, in bytes: [UInt8]) throws -> String? {
    try withView(bytes) { view in view.last(name).map { String(decoding: $0, as: UTF8.self) } }
  }

  @Test func lastOccurrenceCounts() throws {
    let map = packing.headerMap([
      (name: "a", value: "1", rawValue: ""), (name: "b", value: "2", rawValue: ""),
      (name: "a", value: "", rawValue: "3"),
    ])
    #expect(try last("a", in: map) == "3")
    #expect(try last("b", in: map) == "2")
    #expect(try last("c", in: map) == nil)
    #expect(try last("", in: map) == nil)
    try withView(map) { view in
      #expect(view.last("a" as StaticString).map { String(decoding: $0, as: UTF8.self) } == "3")
      #expect(view.last("aa" as StaticString) == nil)
      #expect(view.map { String(decoding: $0.name, as: UTF8.self) } == ["a", "b", "a"])
    }
  }

  /// Proxies fill either field; the raw one is what counts if both are there.
  @Test func rawValueComesFirst() throws {
    let map = packing.headerMap([
      (name: "value", value: "v", rawValue: ""), (name: "raw", value: "", rawValue: "r"),
      (name: "both", value: "v", rawValue: "r"), (name: "none", value: "", rawValue: ""),
    ])
    #expect(try last("value", in: map) == "v")
    #expect(try last("raw", in: map) == "r")
    #expect(try last("both", in: map) == "r")
    #expect(try last("none", in: map)?.isEmpty == true)
  }

  @Test func valuesNeedNotBeText() throws {
    let value: [UInt8] = [0x00, 0xFF, 0x80, 0x0A]
    let map = Wire.field(1, Wire.field(1, "x-bin") + Wire.field(3, value))
    try withView(map) { view in #expect(view.last("x-bin").map(Array.init) == value) }
  }

  @Test func namesAreComparedByteByByte() throws {
    let map = packing.headerMap([(name: "X-Name", value: "1", rawValue: ""), (name: "é", value: "2", rawValue: "")])
    #expect(try last("x-name", in: map) == nil)
    #expect(try last("X-Name", in: map) == "1")
    #expect(try last("é", in: map) == "2")
    #expect(try last("e\u{301}", in: map) == nil)
  }

  @Test func emptyMap() throws {
    try withView([]) { view in #expect(view.map { $0.name.count }.isEmpty) }
  }

  /// Walking stops at the first fault; what came before it counts.
  @Test func stopsAtTheFirstFault() throws {
    let good = packing.headerMap([(name: "a", value: "1", rawValue: "")])
    #expect(try last("a", in: good + [0x0A, 0x50, 1]) == "1")
    #expect(try last("b", in: good + [0x0F] + packing.headerMap([(name: "b", value: "1", rawValue: "")])) == nil)
  }
}
