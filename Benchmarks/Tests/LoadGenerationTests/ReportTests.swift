import Foundation
import LoadGeneration
import Testing

@Suite("Figures and pools")
struct ReportTests {
  @Test("agree when their noise reaches")
  func agreement() {
    let first = Figure(100, parts: [95, 102, 101, 98])
    #expect(first.noise == 6)
    #expect(first.agrees(with: Figure(109, parts: [108, 110, 200])))
    #expect(!first.agrees(with: Figure(109.5, parts: [108.5, 110.5, 200])))
  }

  @Test("without parts have no noise")
  func noParts() {
    #expect(Figure(3, parts: []).noise == 0)
  }

  @Test("An open pool takes in what it sees; a closed one does not")
  func pools() {
    func index(_ pool: EndpointPool, _ text: String) -> Int? {
      Array(text.utf8).withUnsafeBytes { pool.index(of: $0) }
    }
    let open = EndpointPool([])
    #expect(index(open, "10.0.0.1:1") == 0)
    #expect(index(open, "10.0.0.2:1,10.0.0.1:1") == 1)
    #expect(index(open, "") == nil)
    #expect(open.addresses == ["10.0.0.1:1", "10.0.0.2:1"])
    let closed = EndpointPool(["10.0.0.1:1"])
    #expect(index(closed, "10.0.0.1:1") == 0)
    #expect(index(closed, "10.0.0.2:1") == nil)
    #expect(index(closed, "10.0.0.1:1,10.0.0.2:1") == nil)
  }
}
