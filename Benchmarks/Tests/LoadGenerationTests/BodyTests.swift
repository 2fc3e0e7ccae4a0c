import ByteStorage
import Foundation
import LoadGeneration
import Testing

private func next(_ source: any BodySource) -> [UInt8] {
  let block = ByteBlock()
  source.storeNext(into: block)
  return Array(block.bytes)
}

private func prompts(_ body: [UInt8]) throws -> [String] {
  let object = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
  let messages = try #require(object?["messages"] as? [[String: Any]])
  return messages.compactMap { $0["content"] as? String }
}

@Suite("Request bodies")
struct BodyTests {
  @Test("have exactly the length asked for, down to the shortest", arguments: [0, 1, 100, 1_848, 450_000])
  func length(extra: Int) throws {
    var shape = ChatBodies.Shape(bytes: 0, model: "m")
    shape.bytes = shape.minimumBytes + extra
    let body = next(ChatBodies(shape, seed: 1, worker: 0))
    #expect(body.count == shape.bytes)
    #expect(try prompts(body).count == 2)
  }

  @Test("share the part of the prompt asked for and no more")
  func common() throws {
    let shape = ChatBodies.Shape(bytes: 20_000, common: 0.75, model: "m")
    let source = ChatBodies(shape, seed: 1, worker: 0)
    let (first, second) = (try prompts(next(source)), try prompts(next(source)))
    #expect(first[0] == second[0])
    let text = shape.bytes - shape.minimumBytes
    #expect(first[0].utf8.count == Int(Double(text) * 0.75))
    #expect(first[1].prefix(16) != second[1].prefix(16))
  }

  @Test("are different on every connection, and the same on every run")
  func workers() {
    let shape = ChatBodies.Shape(bytes: 2_048, model: "m")
    let bodies = (0..<4).map { next(ChatBodies(shape, seed: 7, worker: $0)) }
    #expect(Set(bodies).count == 4)
    #expect(next(ChatBodies(shape, seed: 7, worker: 2)) == bodies[2])
  }

  @Test("come back unchanged from a picker that writes them anew with sorted keys and no blanks")
  func canonical() throws {
    let body = next(ChatBodies(ChatBodies.Shape(bytes: 2_048, model: "a-b/c"), seed: 1, worker: 0))
    let object = try JSONSerialization.jsonObject(with: Data(body))
    let again = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
    #expect([UInt8](again) == body)
  }

  @Test("of a trace share what the trace says, block by block")
  func trace() throws {
    let text = """
      {"timestamp": 0, "input_length": 1200, "output_length": 7, "hash_ids": [1, 2, 3]}
      {"timestamp": 9, "input_length": 1024, "output_length": 0, "hash_ids": [1, 4]}
      """
    let source = TraceBodies(try TraceBodies.rows(Data(text.utf8)), model: "m", stream: true)
    let bodies = [next(source), next(source), next(source)]
    let first = try prompts(bodies[0])[0]
    let second = try prompts(bodies[1])[0]
    #expect(first.utf8.count == 4_800)
    #expect(second.utf8.count == 4_096)
    #expect(first.prefix(2_048) == second.prefix(2_048))
    #expect(first.dropFirst(2_048).prefix(100) != second.dropFirst(2_048).prefix(100))
    #expect(bodies[2] == bodies[0])
  }

  @Test("of a broken trace are refused with the line")
  func brokenTrace() {
    let text = "{\"input_length\": 5, \"output_length\": 1, \"hash_ids\": [1]}\nnonsense\n"
    #expect { try TraceBodies.rows(Data(text.utf8)) } throws: { "\($0)".hasPrefix("line 2 of the trace") }
  }
}
