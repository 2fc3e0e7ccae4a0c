import EndpointPicker
import Testing

@Suite struct EndpointsFlagTests {
  @Test func readsAddressesWithPorts() throws {
    let endpoints = try EndpointsFlag.parse("10.0.0.1:8000,10.0.0.1:8001,[fd00::1]:8000")
    #expect(endpoints.map(\.address.description) == ["10.0.0.1:8000", "10.0.0.1:8001", "[fd00::1]:8000"])
    #expect(Set(endpoints.map(\.id)).count == 3)
  }

  @Test(arguments: [
    ("", "\"\""), ("10.0.0.1", "10.0.0.1"), ("10.0.0.1:8000,", "\"\""), ("10.0.0.1:0", "10.0.0.1:0"),
    ("10.0.0.1:70000", "70000"), ("fd00::1:8000", "fd00::1:8000"), ("server:8000", "server"),
    ("10.0.0.1:8000,10.0.0.1:8000", "10.0.0.1:8000"),
  ])
  func partThatCannotBeReadIsNamed(text: String, part: String) {
    let error = #expect(throws: ProcessError.self) { try EndpointsFlag.parse(text) }
    #expect(error?.description.hasPrefix("--endpoints: ") == true)
    #expect(error?.description.contains(part) == true)
  }
}
