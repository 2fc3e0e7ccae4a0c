import Foundation
import Telemetry
import Testing

@Suite struct JSONWriterTests {
  private func text(_ writer: JSONWriter) -> String { String(decoding: writer.bytes, as: UTF8.self) }

  @Test func nests() {
    var json = JSONWriter()
    json.beginObject()
    json.field("a", 1)
    json.key("b")
    json.beginArray()
    json.value("x")
    json.value(true)
    json.null()
    json.beginObject()
    json.endObject()
    json.endArray()
    json.field("c", ["d", "e"])
    json.endObject()
    json.endLine()
    json.beginArray()
    json.endArray()
    #expect(text(json) == "{\"a\":1,\"b\":[\"x\",true,null,{}],\"c\":[\"d\",\"e\"]}\n[]")
  }

  @Test(
    arguments: [
      (1.0, nil, "1"), (0.1, nil, "0.1"), (-2.5, nil, "-2.5"), (1.23456, 2, "1.23"), (1e21, nil, "1e+21"),
      (.nan, nil, "null"), (.infinity, 3, "null"), (0.00004, 3, "0"),
    ] as [(Double, Int?, String)])
  func numbers(value: Double, decimals: Int?, expected: String) {
    var json = JSONWriter()
    json.value(value, decimals: decimals)
    #expect(text(json) == expected)
  }

  /// Whatever the text, a parser gets it back, and with `isASCII` the bytes fit into a header.
  @Test(arguments: ["", "a\"b\\c", "line\nfeed\r\t\u{1}\u{7F}", "é 漢 🦆", "\u{2028}"], [false, true])
  func anyTextComesBack(value: String, isASCII: Bool) throws {
    var json = JSONWriter(isASCII: isASCII)
    json.beginArray()
    json.value(value)
    json.endArray()
    let parsed = try JSONDecoder().decode([String].self, from: Data(json.bytes))
    #expect(parsed == [value])
    if isASCII { #expect(json.bytes.allSatisfy { (0x20..<0x7F).contains($0) }) }
  }
}
