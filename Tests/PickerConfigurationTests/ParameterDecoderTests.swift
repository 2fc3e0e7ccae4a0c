import PickerConfiguration
import Testing

@Suite struct ParameterDecoderTests {
  private enum Mode: String, CaseIterable { case fast, slow }

  @Test func readsEveryTypeAndKeepsDefaults() throws {
    let parameters = try parameters(
      """
      count: 3
      ratio: 2
      flag: true
      name: abc
      mode: slow
      interval: 250ms
      size: 10Gi
      words: [a, b]
      labels: {x: "1", y: z}
      nothing: null
      """)
    #expect(parameters.int("count", default: 1, range: 1...5) == 3)
    #expect(parameters.double("ratio", default: 0.5) == 2)
    #expect(parameters.bool("flag", default: false))
    #expect(parameters.string("name", default: "") == "abc")
    #expect(parameters.enumeration("mode", default: Mode.fast) == .slow)
    #expect(parameters.duration("interval", default: .zero) == .milliseconds(250))
    #expect(parameters.quantity("size", default: Quantity(0)).value == 10 << 30)
    #expect(parameters.strings("words") == ["a", "b"])
    #expect(parameters.stringMap("labels").map(\.key) == ["x", "y"])
    #expect(parameters.int("nothing", default: 7) == 7)
    #expect(parameters.int("absent") == nil)
    #expect(parameters.duration("absentDuration", default: .seconds(1)) == .seconds(1))
    try parameters.finish()
  }

  @Test func matchesNamesWithoutRegardToCaseButPrefersTheExactOne() throws {
    let parameters = try parameters("BLOCKSIZE: 1\nlruSize: 2\nLRUSize: 3\n")
    #expect(parameters.int("blockSize", default: 0) == 1)
    #expect(parameters.int("LRUSize", default: 0) == 3)
    let found = problems { () throws(ConfigurationError) in try parameters.finish() }
    #expect(found == ["config.yaml:2: lruSize: duplicate field; it differs from another one only in letter case"])
  }

  @Test func reportsEveryProblemAtOnceInDocumentOrder() throws {
    let parameters = try parameters("a: x\nb: 9\nc: 1.5\nd: soon\ne: 5\nf: quick\nblockSize: 64\n")
    #expect(parameters.int("a", default: 1) == 1)
    _ = parameters.int("b", default: 1, range: 1...5)
    _ = parameters.int("c", default: 1)
    _ = parameters.duration("d", default: .zero)
    _ = parameters.string("e", default: "")
    _ = parameters.enumeration("f", default: Mode.fast)
    _ = parameters.int("blockSizeTokens", default: 16)
    _ = parameters.requiredString("path")
    let found = problems { () throws(ConfigurationError) in try parameters.finish() }
    #expect(
      Set(found) == [
        "config.yaml:1: a: expected an integer, found the string \"x\"",
        "config.yaml:2: b: must be between 1 and 5, found 9",
        "config.yaml:3: c: expected an integer, found the number 1.5",
        "config.yaml:4: d: expected a duration such as \"50ms\" or \"1h30m\", found the string \"soon\"",
        "config.yaml:5: e: expected a string, found the integer 5; put it in quotes",
        "config.yaml:6: f: expected one of \"fast\", \"slow\", found the string \"quick\"",
        "config.yaml:7: blockSize: unknown field; did you mean \"blockSizeTokens\"?",
        "config.yaml:1: path: required, but not set",
      ])
    #expect(found.last?.hasPrefix("config.yaml:7") == true)
  }

  @Test func unknownFieldsAreWarningsInTheOlderFamily() throws {
    let parameters = try parameters("weigth: 1\n", unknownFields: Lineage.inferenceExtension.unknownParameters)
    _ = parameters.int("weight", default: 0)
    try parameters.finish()
    #expect(
      parameters.warnings.map(\.description)
        == ["config.yaml:1: weigth: unknown field, ignored; did you mean \"weight\"?"])
  }

  @Test func deprecatedFieldsWarnOnlyWhenTheyAreSet() throws {
    let parameters = try parameters("blockSize: 64\n")
    let (old, other) = (
      parameters.deprecated("blockSize", use: "blockSizeTokens"), parameters.deprecated("hashBlockSize")
    )
    try parameters.finish()
    #expect(old && !other)
    #expect(
      parameters.warnings.map(\.description)
        == ["config.yaml:1: blockSize: deprecated and ignored; use \"blockSizeTokens\""])
  }

  @Test func finishesNestedSectionsWithTheirParent() throws {
    let parameters = try parameters("inner: {size: 1, sise: 2}\nitems:\n- name: a\n- name: 3\n")
    #expect(parameters.child("inner")?.int("size", default: 0) == 1)
    #expect(parameters.children("items").map { $0.string("name") } == ["a", nil])
    #expect(parameters.child("absent") == nil)
    let found = problems { () throws(ConfigurationError) in try parameters.finish() }
    #expect(
      found == [
        "config.yaml:1: inner.sise: unknown field; did you mean \"size\"?",
        "config.yaml:4: items[1].name: expected a string, found the integer 3; put it in quotes",
      ])
  }

  @Test func recordsTheValuesInForce() throws {
    let parameters = try parameters("size: 64\ninner: {open: true}\n")
    _ = parameters.int("size", default: 16)
    _ = parameters.duration("interval", default: .milliseconds(50))
    _ = parameters.child("inner")?.bool("open", default: false)
    let effective = parameters.effectiveParameters
    #expect(effective.map(\.name) == ["size", "interval", "inner"])
    #expect(effective.map(\.isSet) == [true, false, true])
    #expect(effective[0].defaultValue == .integer(16))
    let text = YAMLValue.mapping(effective.map { .init($0.name, $0.value) }).yaml
    #expect(text == "size: 64\ninterval: 50ms\ninner:\n  open: true\n")
  }

  @Test func refusesParametersThatAreNotAMapping() throws {
    let parameters = try parameters("[1, 2]")
    _ = parameters.int("a", default: 1)
    #expect(
      problems { () throws(ConfigurationError) in try parameters.finish() }
        == ["config.yaml:1: expected a mapping, found a list"])
  }
}
