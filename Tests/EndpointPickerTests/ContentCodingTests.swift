import EndpointPicker
import Testing

@Suite struct ContentCodingTests {
  @Test(
    arguments: [
      (nil, false), ("", false), ("gzip", true), ("deflate, gzip;q=0.5", true), ("gzip;q=0", false),
      ("GZIP ; q=1.0", true), ("identity", false), ("*", true), ("*;q=0", false), ("gzip;q=0, *", false),
      ("x-gzip", true), ("br", false), ("gzip;q=nonsense", false),
    ] as [(String?, Bool)])
  func whoAsksForGzip(header: String?, accepts: Bool) {
    #expect(ContentCoding.acceptsGzip(header) == accepts)
  }

  @Test func shortAnswersAndNoiseStayAsTheyAre() {
    #expect(ContentCoding.gzip(Array(repeating: 7, count: 100)) == nil)
    var generator = SystemRandomNumberGenerator()
    let noise = (0..<10_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    #expect(ContentCoding.gzip(noise) == nil)
    let text = Array(String(repeating: "metric{label=\"value\"} 1\n", count: 500).utf8)
    let compressed = ContentCoding.gzip(text)
    #expect((compressed?.count ?? .max) < text.count / 20)
    #expect(compressed?.prefix(2) == [0x1F, 0x8B])
  }
}
