import RequestTracing
import Testing

private func context(_ text: String) -> TraceContext? {
  Array(text.utf8).withUnsafeBytes { TraceContext(traceparent: $0) }
}

@Suite("Trace contexts")
struct TraceContextTests {
  private static let sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

  @Test("A header is read and written as it was")
  func roundTrip() {
    let read = context(Self.sampled)
    #expect(read?.traceHigh == 0x0af7_6519_16cd_43dd)
    #expect(read?.spanID == 0xb7ad_6b71_6920_3331)
    #expect(read?.isSampled == true)
    #expect(read?.traceparent == Self.sampled)
    #expect(context("00-00000000000000000000000000000001-000000000000000a-00")?.isSampled == false)
  }

  @Test("A later version is read as far as this one goes")
  func laterVersion() {
    #expect(context("cc" + Self.sampled.dropFirst(2) + "-what-comes")?.isSampled == true)
    #expect(context("cc" + Self.sampled.dropFirst(2) + ".what-comes") == nil)
  }

  @Test(
    "What is no header starts a new trace",
    arguments: [
      "", "00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      "00-00000000000000000000000000000000-b7ad6b7169203331-01",
      "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
      "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
      "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
    ])
  func invalid(_ text: String) {
    #expect(context(text) == nil)
  }
}

@Suite("Samplers")
struct SamplerTests {
  private func parent(_ isSampled: Bool) -> TraceContext {
    TraceContext(traceHigh: 1, traceLow: 2, spanID: 3, isSampled: isSampled)
  }

  @Test("A parent's decision comes first only where it should")
  func parents() {
    let following = TraceSampler(.off, followsParent: true)
    #expect(following.samples(parent: parent(true), traceLow: 0))
    #expect(!TraceSampler(.on, followsParent: true).samples(parent: parent(false), traceLow: 0))
    #expect(TraceSampler(.on, followsParent: false).samples(parent: parent(false), traceLow: 0))
    #expect(!following.samples(parent: nil, traceLow: 0))
  }

  @Test("A share is told by the trace's id, the same everywhere")
  func ratio() {
    let tenth = TraceSampler(.ratio(0.1), followsParent: true)
    let ids = (0..<1_000).map { UInt64($0) &* 0x0041_8937_4BC6_A7EF }
    let count = ids.count { tenth.samples(parent: nil, traceLow: $0) }
    #expect((80...120).contains(count))
    #expect(ids.allSatisfy { TraceSampler(.ratio(1), followsParent: true).samples(parent: nil, traceLow: $0) })
    #expect(ids.allSatisfy { !TraceSampler(.ratio(0), followsParent: true).samples(parent: nil, traceLow: $0) })
  }
}
