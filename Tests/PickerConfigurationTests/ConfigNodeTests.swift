import PickerConfiguration
import Testing

@Suite struct ConfigNodeTests {
  @Test func resolvesPlainWordsAndKeepsQuotedOnesAsText() throws {
    let node = try ConfigNode.parse(
      "[1, -2, 0x10, 1.5, 1e3, yes, Off, ~, '', \"42\", !!str 7, 1.2.3, 10Gi, nan, .inf]", source: "a.yaml")
    let expected: [ConfigScalar] = [
      .integer(1), .integer(-2), .integer(16), .double(1.5), .double(1000), .bool(true), .bool(false), .null,
      .string(""), .string("42"), .string("7"), .string("1.2.3"), .string("10Gi"), .string("nan"), .double(.infinity),
    ]
    #expect(node.elements?.map(\.scalar) == expected)
  }

  @Test func knowsLineAndPathOfEveryValue() throws {
    let node = try ConfigNode.parse("a:\n- b: 1\n- c:\n    d: 2\n", source: "a.yaml")
    let inner = node.entries?.first?.value.elements?.last?.entries?.first?.value.entries?.first?.value
    #expect(inner?.location.description == "a.yaml:4: a[1].c.d")
  }

  @Test func readsJSON() throws {
    let node = try ConfigNode.parse(#"{"a": [true, null, "x\u00e9"]}"#, source: "a.json")
    #expect(node.entries?.first?.value.elements?.map(\.scalar) == [.bool(true), .null, .string("xé")])
  }

  @Test(arguments: [
    ("a: 1\nb: 2\na: 3\n", "a.yaml:1: duplicate field \"a\""),
    ("a: 1\n---\nb: 2\n", "a.yaml:2: bad YAML"),
    ("a:\n  - b\n c: d\n", "a.yaml:3: bad YAML"),
    ("a: *x\n", "a.yaml:1: bad YAML"),
    ("? [a, b]\n: c\n", "a.yaml:1: a field name must be a word"),
  ])
  func namesTheLineOfBadSyntax(text: String, message: String) {
    let found = problems { () throws(ConfigurationError) in _ = try ConfigNode.parse(text, source: "a.yaml") }
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix(message) == true, "\(found)")
  }

  @Test func boundsSizeDepthAndExpansion() {
    func fails(_ text: String) -> Bool {
      !problems { () throws(ConfigurationError) in _ = try ConfigNode.parse(text, source: "a.yaml") }.isEmpty
    }
    #expect(fails("a: " + String(repeating: "x", count: ConfigNode.maximumBytes)))
    #expect(fails(String(repeating: "[", count: 100_000)))
    #expect(fails(String(repeating: "[", count: 100) + String(repeating: "]", count: 100)))
    #expect(!fails(String(repeating: "[", count: 50) + String(repeating: "]", count: 50)))
    var doubling = "a0: &a0 [x, x]\n"
    for i in 1...30 { doubling += "a\(i): &a\(i) [*a\(i - 1), *a\(i - 1)]\n" }
    #expect(fails(doubling))
  }
}
