import PickerConfiguration
import Discovery
import Testing

@Suite struct EndpointFileTests {
  private func parse(_ text: String) throws(ConfigurationError) -> EndpointFile {
    try EndpointFile.parse(Array(text.utf8), source: "endpoints.yaml")
  }

  private func failure(_ text: String) -> String? {
    do {
      _ = try parse(text)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func readsYAMLAndJSON() throws {
    let yaml = try parse(
      """
      endpoints:
      - name: a
        address: 10.0.0.1
        port: "8000"
      - name: b
        namespace: models
        address: FD00:0::1
        port: 8001
        labels: {role: decode, gpus: 8, spot: true}
      """)
    #expect(yaml.problems.isEmpty)
    #expect(
      yaml.endpoints == [
        DiscoveredEndpoint(name: "a", namespace: "default", address: "10.0.0.1", port: 8000),
        DiscoveredEndpoint(
          name: "b", namespace: "models", address: "fd00::1", port: 8001,
          labels: ["role": "decode", "gpus": "8", "spot": "true"]),
      ])
    #expect(yaml.endpoints.map(\.authority) == ["10.0.0.1:8000", "[fd00::1]:8001"])
    let json = try parse(#"{"endpoints": [{"name": "a", "address": "10.0.0.1", "port": "8000", "labels": null}]}"#)
    #expect(json.endpoints == [yaml.endpoints[0]])
  }

  @Test(arguments: [
    ("{address: 10.0.0.1, port: 80}", "endpoints[1].name: skipped: required, but not set"),
    ("{name: x, port: 80}", "endpoints[1].address: skipped: required, but not set"),
    ("{name: x, address: 10.0.0.1}", "endpoints[1].port: skipped: required, but not set"),
    (
      "{name: x, address: host.example, port: 80}",
      "endpoints[1].address: skipped: \"host.example\" is not an IP address"
    ),
    ("{name: x, address: 10.0.0.256, port: 80}", "endpoints[1].address: skipped"),
    ("{name: x, address: 10.0.0.1, port: 0}", "endpoints[1].port: skipped: expected a port from 1 to 65535"),
    ("{name: x, address: 10.0.0.1, port: '65536'}", "endpoints[1].port: skipped: expected a port from 1 to 65535"),
    ("{name: x, address: 10.0.0.1, port: '+80'}", "endpoints[1].port: skipped: expected a port from 1 to 65535"),
    ("{name: x, address: 10.0.0.1, port: 80, labels: [a]}", "endpoints[1].labels: skipped: expected a mapping"),
    (
      "{name: x, address: 10.0.0.1, port: 80, labels: {a: {}}}",
      "endpoints[1].labels: skipped: expected a string for \"a\""
    ),
    ("{name: good, address: 10.0.0.1, port: 80}", "endpoints[1]: skipped: there is an endpoint default/good already"),
    ("just text", "endpoints[1]: skipped: expected a mapping"),
  ])
  func aBadEntryCostsOnlyItself(entry: String, message: String) throws {
    let file = try parse(
      """
      endpoints:
      - {name: good, address: 10.0.0.9, port: 8000}
      - \(entry)
      - {name: also-good, address: 10.0.0.8, port: 8000}
      """)
    #expect(file.endpoints.map(\.name) == ["good", "also-good"])
    #expect(file.problems.contains { $0.description.hasPrefix("endpoints.yaml:3: \(message)") }, "\(file.problems)")
  }

  @Test func unknownFieldsAreReportedWithoutHarm() throws {
    let file = try parse("endpoints: [{name: a, address: 10.0.0.1, port: 1, lables: {}}]\nversion: 2\n")
    #expect(file.endpoints.count == 1)
    #expect(
      file.problems.map(\.description) == [
        "endpoints.yaml:2: version: unknown field, ignored",
        "endpoints.yaml:1: endpoints[0].lables: unknown field, ignored; did you mean \"labels\"?",
      ])
  }

  @Test func refusesWhatCanNotBeAWholeFile() throws {
    for text in [
      "", "endpoints:\n", "endpoints: {}", "other: []", "- a", "endpoints: [", "endpoints: []\nendpoints: []",
    ] {
      #expect(failure(text) != nil, "\(text)")
    }
    #expect(throws: ConfigurationError.self) { try EndpointFile.parse([0xFF, 0xFE], source: "x") }
    #expect(
      throws: ConfigurationError.self
    ) { try EndpointFile.parse([UInt8](repeating: 0x20, count: EndpointFile.maximumBytes + 1), source: "x") }
    #expect(try parse("endpoints: []").endpoints.isEmpty)
  }
}
