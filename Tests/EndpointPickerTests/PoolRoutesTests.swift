import EndpointPicker
import Testing

@Suite struct PoolRoutesTests {
  private static func read(_ authority: String) -> String? {
    PickerAuthority(Array(authority.utf8)).map { authority in
      let text = { (bytes: ArraySlice<UInt8>) in String(decoding: bytes, as: UTF8.self) }
      return
        "\(text(authority.service)) \(authority.namespace.map(text) ?? "-") \(authority.port.map(String.init) ?? "-")"
    }
  }

  @Test(arguments: [
    ("epp", "epp - -"), ("epp:9002", "epp - 9002"), ("epp.prod", "epp prod -"), ("epp.prod:1", "epp prod 1"),
    ("epp.prod.svc", "epp prod -"), ("epp.prod.svc.:65535", "epp prod 65535"),
    ("epp.prod.svc.cluster.local:9002", "epp prod 9002"), ("Epp.prod.SVC.example.org", "Epp prod -"),
  ])
  func namesOfServicesAreUnderstood(authority: String, parts: String) {
    #expect(Self.read(authority) == parts)
  }

  @Test(arguments: [
    "", ".", ":9002", "epp:", "epp:0", "epp:65536", "epp:123456", "epp:9a", "epp..svc", ".epp", "epp.prod.pod",
    "epp.prod.svcs", "10.0.0.1:9002", "[::1]:9002", "epp.prod..svc", "a_b", "epp/prod",
  ])
  func everythingElseIsNone(authority: String) {
    #expect(Self.read(authority) == nil)
  }

  private static let routes = PoolRoutes(
    namespace: "prod",
    [
      (.init(service: "gold", port: 9_002), 1), (.init(service: "shared", port: nil), 2),
      (.init(service: "shared", port: 9_012), 3), (.init(service: "twice", port: 1), 4),
      (.init(service: "twice", port: 1), 5),
    ])

  private static func choose(_ authority: String) -> String {
    switch routes.choose(authority: Array(authority.utf8)) {
    case .one(let target): "\(target)"
    case .none: "none"
    case .several: "several"
    }
  }

  @Test(arguments: [
    ("gold", "1"), ("gold.prod.svc:443", "1"), ("GOLD.PROD", "1"), ("gold.test.svc", "none"), ("silver", "none"),
    ("shared:9002", "2"), ("shared.prod.svc:9012", "3"), ("shared.prod.svc:9022", "several"), ("shared", "several"),
    ("twice:1", "several"), ("gol", "none"), ("golden", "none"), ("[::1]", "none"),
  ])
  func portsTellPoolsOfOneServiceApart(authority: String, choice: String) {
    #expect(Self.choose(authority) == choice)
  }

  @Test func withoutPoolsNothingIsFound() {
    let routes = PoolRoutes<Int>(namespace: "prod")
    guard case .none = routes.choose(authority: Array("gold".utf8)) else {
      Issue.record("found a pool")
      return
    }
  }
}
