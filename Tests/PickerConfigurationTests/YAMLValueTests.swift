import PickerConfiguration
import Testing

@Suite struct YAMLValueTests {
  @Test func whatIsPrintedReadsBackAsTheSameValue() throws {
    let awkward = [
      "plain", "true", "1", "1e3", "", "null", "a: b", "- x", "#c", "tab\tnew\nline", "\"q\" \\", "é…", "0x10", "~",
      "a-b", "-a", "10Gi", "\u{1}", "🦆", "key:", "*a", "1_000",
    ]
    let value = YAMLValue.mapping([
      .init("words", .sequence(awkward.map(YAMLValue.string))),
      .init("numbers", .sequence([.integer(-3), .double(0.25), .double(2), .bool(false), .null])),
      .init(
        "nested", .sequence([.sequence([.integer(1), .sequence([.integer(2)])]), .mapping([.init("a b", .null)])])),
      .init("empty", .mapping([])),
      .init("none", .sequence([])),
    ])
    let read = YAMLValue(try ConfigNode.parse(value.yaml, source: "out.yaml"))
    #expect(read == value, "\(value.yaml)")
  }
}
