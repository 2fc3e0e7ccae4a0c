import EndpointPicker
import Testing

/// Messages of cache events as they come off the wire.
@Suite struct EventMessageTests {
  private let number: [UInt8] = [0, 0, 0, 0, 0, 0, 1, 2]

  @Test func topicsNameAPodAndAModel() {
    func parts(_ text: String) -> [String]? { EventTopic(Array(text.utf8)).map { [$0.pod, $0.model] } }
    #expect(parts("kv@10.0.0.1:8000@llama") == ["10.0.0.1:8000", "llama"])
    #expect(parts("kv@pod@org/model@main") == ["pod", "org/model@main"])
    #expect(parts("kv@@llama") == ["", "llama"])
    for text in ["", "kv", "kv@pod", "kv@pod@"] { #expect(parts(text) == nil, "\(text)") }
  }

  @Test func messagesHaveATopicANumberAndABatch() {
    let topic = Array("kv@pod@llama".utf8)
    let message = EventMessage([topic, number, [0x92, 0x00, 0x91, 0x91, 0xB0] + Array("AllBlocksCleared".utf8)])
    #expect(message?.number == 258)
    #expect(message?.readBatch()?.events == [.cleared])
    #expect(EventMessage([topic, number, [1]])?.readBatch() == nil)
    #expect(EventMessage([topic, number]) == nil)
    #expect(EventMessage([topic, [1], []]) == nil)
    #expect(EventMessage([Array("kv".utf8), number, []]) == nil)
    #expect(EventMessage([]) == nil)
  }
}

extension EventMessageTests {
  @Test func repeatedMessagesMayLackTheirTopic() {
    let text = Array("kv@pod@llama".utf8)
    let topic = EventTopic(text)
    func kind(_ frames: [[UInt8]], _ topic: EventTopic? = nil) -> String {
      switch ReplayAnswer(frames, topic: topic) {
      case nil: "none"
      case .end: "end"
      case .unnamed: "unnamed"
      case .message(let message): "\(message.number) of \(message.topic.model)"
      }
    }
    #expect(kind([[], text, number, [1]]) == "258 of llama")
    #expect(kind([text, number, [1]]) == "258 of llama")
    #expect(kind([[], number, [1]], topic) == "258 of llama")
    #expect(kind([[], number, [1]]) == "unnamed")
    #expect(kind([[], [UInt8](repeating: 0xFF, count: 8), []]) == "end")
    #expect(kind([[], text, [UInt8](repeating: 0xFF, count: 8), []]) == "end")
    #expect(kind([[], [1], [1]], topic) == "none")
    #expect(kind([[], Array("kv".utf8), number, [1]]) == "none")
    #expect(kind([[1]]) == "none")
    #expect(kind([]) == "none")
  }
}
