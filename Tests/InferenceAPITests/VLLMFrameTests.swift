import InferenceAPI
import Testing

/// Usage of vLLM's gRPC responses.
@Suite struct VLLMFrameTests {
  private func chunk(_ prompt: UInt64, _ completion: UInt64, _ cached: UInt64, ids: [UInt64] = [1]) -> Protobuf {
    let inner = Protobuf().packed(1, ids).number(2, prompt).number(3, completion).number(4, cached)
    return Protobuf().message(1, inner)
  }

  private var complete: Protobuf {
    Protobuf().message(
      2,
      Protobuf().packed(1, [1, 2, 300]).text(2, "stop").number(3, 700).number(4, 3).number(5, 640).fixed32(20).fixed64(
        21)
    )
  }

  private func read(_ bytes: [UInt8], _ family: ResponseFamily = .vllmGenerate) -> ResponseReading {
    var reader = UsageReader()
    return ResponseReading([bytes], family, .grpc, reader: &reader)
  }

  @Test func theLastFrameWithCountsWins() {
    let reading = read(
      chunk(7, 1, 4).frame() + chunk(7, 2, 4).frame() + chunk(0, 0, 0, ids: []).frame() + Protobuf().frame())
    #expect(reading.counts == [7, 2, 9, 4])
    #expect(reading.json == "")
    #expect(reading.events == 4)
    #expect(reading.tokenEvents == 2)
    #expect(read(complete.frame()).counts == [700, 3, 703, 640])
  }

  @Test func tokenIDsNeedNotBePacked() {
    let inner = Protobuf().number(1, 9).number(3, 1)
    #expect(read(Protobuf().message(1, inner).frame()).tokenEvents == 1)
  }

  @Test func embeddingsHaveAPromptOnly() {
    let message = Protobuf().bytes(1, Array(repeating: 0x40, count: 4_096)).number(2, 12).number(3, 1_024)
    #expect(read(message.frame(), .vllmEmbed).counts == [12, 0, 12, nil])
  }

  @Test func framesThatCannotBeReadAreSkipped() {
    let good = chunk(7, 1, 4).frame()
    let bad: [[UInt8]] = [
      chunk(9, 9, 9).frame(isCompressed: true),
      Protobuf(bytes: [0x0A, 0x7F]).frame(),
      Protobuf(bytes: [0x0A, 0x02, 0x10, 0x80]).number(9, 1).frame(),
      Protobuf(bytes: [0x0B]).frame(),
      Protobuf(bytes: Array(repeating: 0xFF, count: 12)).frame(),
      Protobuf(bytes: [0x80]).frame(),
      Protobuf(bytes: [0x0A, 0x03, 0x0A, 0x05, 0x01]).frame(),
      Protobuf(bytes: [0x0D, 0x01]).frame(),
    ]
    for frame in bad {
      #expect(!read(frame).hasUsage)
      let reading = read(frame + good)
      #expect(reading.counts == [7, 1, 8, 4])
      #expect(reading.events == 2)
    }
  }

  @Test func piecesMakeNoDifference() {
    let bytes =
      chunk(7, 1, 4).frame() + Protobuf().frame() + chunk(8, 200, 4, ids: [5, 70_000]).frame()
      + chunk(1, 1, 1).frame(isCompressed: true) + complete.message(9, complete).frame()
    let whole = read(bytes)
    #expect(whole.counts == [700, 3, 703, 640])
    var random = SeededGenerator(state: 13)
    var reader = UsageReader()
    for cut in 0...bytes.count {
      #expect(ResponseReading([bytes[..<cut], bytes[cut...]], .vllmGenerate, .grpc, reader: &reader) == whole)
    }
    #expect(ResponseReading(bytes.map { [$0] }, .vllmGenerate, .grpc, reader: &reader) == whole)
    for _ in 0..<3_000 {
      var changed = bytes
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      for family in [ResponseFamily.vllmGenerate, .vllmEmbed] {
        let whole = ResponseReading([changed], family, .grpc, reader: &reader)
        #expect(ResponseReading(pieces(changed, count: 7, &random), family, .grpc, reader: &reader) == whole)
      }
    }
  }

  @Test func theFirstTokenIsToldOnce() {
    var reader = UsageReader()
    reader.begin(family: .vllmGenerate, format: .grpc)
    let frames = [chunk(7, 0, 0, ids: []), chunk(7, 1, 0), chunk(7, 2, 0)]
    let hits = frames.map { frame in frame.frame().withUnsafeBytes { reader.read($0).hasFirstToken } }
    #expect(hits == [false, true, false])
  }
}
