import Discovery
import Testing

@Suite struct EndpointListFlagTests {
  @Test func readsBothAddressFamilies() throws {
    let endpoints = try EndpointListFlag.parse("10.0.0.1:8000, [FD00::1]:9000")
    #expect(endpoints.map(\.authority) == ["10.0.0.1:8000", "[fd00::1]:9000"])
    #expect(endpoints.map(\.name) == ["endpoint-10-0-0-1-8000", "endpoint-fd00--1-9000"])
    #expect(endpoints.map(\.namespace) == ["default", "default"])
  }

  @Test(arguments: [
    ("", "expected ADDRESS:PORT"), ("10.0.0.1", "expected ADDRESS:PORT"), ("10.0.0.1:8000,", "expected ADDRESS:PORT"),
    ("fd00::1:8000", "expected ADDRESS:PORT"), ("[10.0.0.1]:80", "expected ADDRESS:PORT"),
    ("host:80", "\"host\" in \"host:80\" is not an IP address"),
    ("10.0.0.1:0", "\"0\" in \"10.0.0.1:0\" is not a port"),
    ("10.0.0.1:65536", "is not a port"), ("10.0.0.1:", "is not a port"), ("10.0.0.1:8x", "is not a port"),
    ("[fd00::1]:80,[fd00:0::1]:80", "\"[fd00:0::1]:80\" is listed twice"),
    ("[fe80::1%eth0]:80", "is not an IP address"),
  ])
  func namesTheBadElement(text: String, message: String) {
    do {
      _ = try EndpointListFlag.parse(text)
      Issue.record("accepted \(text)")
    } catch {
      #expect(error.description.contains(message), "\(error)")
    }
  }
}
