import LoadGeneration
import Testing

/// Feeds answers to a conversation about fixed bodies in a pool of two endpoints.
private struct Conversation {
  private(set) var machine = ConversationMachine()
  private let request = Array("{\"model\":\"m\"}".utf8)
  private let response = Array("data: 1\n\ndata: 2\n\n".utf8)
  private let hasResponse: Bool
  private let pool = EndpointPool(["10.0.0.1:8000", "10.0.0.2:8000"])

  init(hasResponse: Bool = true) {
    self.hasResponse = hasResponse
  }

  mutating func receive(_ answer: ProcessingAnswer?) -> ConversationMachine.Action {
    request.withUnsafeBytes { request in
      response.withUnsafeBytes { response in
        machine.received(
          answer,
          in: ConversationMachine.Exchange(
            requestBody: request, responseBody: hasResponse ? response : nil, pool: pool))
      }
    }
  }

  mutating func destination(_ text: String? = "10.0.0.2:8000", metadata: String? = nil) -> ConversationMachine.Action {
    withBytes(text) { header in
      withBytes(metadata ?? text) { metadata in
        var answer = ProcessingAnswer(.requestHeaders)
        answer.destination = header
        answer.destinationMetadata = metadata
        return receive(answer)
      }
    }
  }

  mutating func body(
    _ kind: ProcessingAnswer.Kind, _ text: String, end: Bool = false, isStreamed: Bool = true
  ) -> ConversationMachine.Action {
    withBytes(text) { bytes in
      var answer = ProcessingAnswer(kind)
      answer.body = bytes ?? answer.body
      answer.endOfStream = end
      answer.isStreamed = isStreamed
      return receive(answer)
    }
  }

  /// Everything up to the response headers' answer.
  mutating func answerRequest() {
    _ = destination()
    _ = body(.requestBody, "{\"model\":\"m\"}", end: true)
    _ = receive(ProcessingAnswer(.responseHeaders))
  }

  private func withBytes<Result>(_ text: String?, _ body: (UnsafeRawBufferPointer?) -> Result) -> Result {
    guard let text else { return body(nil) }
    return Array(text.utf8).withUnsafeBytes { body($0) }
  }
}

@Suite("A conversation")
struct ConversationMachineTests {
  @Test("goes through the answers of a request and its response, in pieces of any size")
  func complete() {
    var conversation = Conversation()
    #expect(conversation.destination() == .decided)
    #expect(conversation.machine.endpoint == 1)
    #expect(conversation.body(.requestBody, "{\"model\"") == .none)
    #expect(conversation.body(.requestBody, "") == .none)
    #expect(conversation.body(.requestBody, ":\"m\"}", end: true) == .sendResponse)
    #expect(conversation.receive(ProcessingAnswer(.responseHeaders)) == .none)
    #expect(conversation.body(.responseBody, "data: 1\n\ndata") == .none)
    #expect(conversation.body(.responseBody, ": 2\n\n") == .none)
    #expect(conversation.body(.responseBody, "", end: true) == .finish)
    var machine = conversation.machine
    machine.ended(status: 0)
    #expect(machine.isComplete)
    #expect(machine.fault == nil)
  }

  @Test("ends with the request where there is no response phase")
  func requestOnly() {
    var conversation = Conversation(hasResponse: false)
    _ = conversation.destination()
    #expect(conversation.body(.requestBody, "{\"model\":\"m\"}", end: true) == .finish)
    #expect(conversation.machine.isComplete)
  }

  @Test("takes a destination with fallbacks")
  func fallbacks() {
    var conversation = Conversation()
    #expect(conversation.destination("10.0.0.2:8000,10.0.0.1:8000") == .decided)
    #expect(conversation.machine.endpoint == 1)
  }

  @Test("notes that the request was turned away")
  func rejected() {
    var conversation = Conversation()
    var answer = ProcessingAnswer(.immediate)
    answer.status = 429
    #expect(conversation.receive(answer) == .finish)
    #expect(conversation.machine.rejection == 429)
    #expect(conversation.machine.fault == nil)
  }

  @Test(
    "finds what is wrong with a destination",
    arguments: [
      (nil, nil, Fault.noDestination), ("", "", .noDestination),
      ("10.0.0.3:8000", "10.0.0.3:8000", .foreignDestination),
      ("10.0.0.1:8000,10.0.0.3:8000", "10.0.0.1:8000,10.0.0.3:8000", .foreignDestination),
      ("10.0.0.1:8000,", "10.0.0.1:8000,", .foreignDestination),
      ("10.0.0.1:8000", "10.0.0.2:8000", .metadataDiffers),
    ] as [(String?, String?, Fault)])
  func destinations(header: String?, metadata: String?, fault: Fault) {
    var conversation = Conversation()
    #expect(conversation.destination(header, metadata: metadata) == .giveUp)
    #expect(conversation.machine.fault == fault)
  }

  @Test(
    "finds answers that come at the wrong time",
    arguments: [
      ProcessingAnswer.Kind.requestBody, .responseHeaders, .responseBody, .requestTrailers, .responseTrailers, .nothing,
    ])
  func order(kind: ProcessingAnswer.Kind) {
    var conversation = Conversation()
    #expect(conversation.receive(ProcessingAnswer(kind)) == .giveUp)
    #expect(conversation.machine.fault == .outOfOrder)
  }

  @Test("finds the response answered before the request")
  func responseFirst() {
    var conversation = Conversation()
    _ = conversation.destination()
    #expect(conversation.receive(ProcessingAnswer(.responseHeaders)) == .giveUp)
    #expect(conversation.machine.fault == .outOfOrder)
  }

  @Test(
    "finds what is wrong with a body",
    arguments: [
      ("{\"model\":\"n\"}", true, true, Fault.bodyChanged), ("{\"model\":\"m\"", true, true, .bodyTooShort),
      ("{\"model\":\"m\"} ", true, true, .bodyTooLong), ("{\"model\":\"m\"}", true, false, .notStreamed),
      ("\"model\":\"m\"}", false, true, .bodyChanged),
    ])
  func bodies(text: String, end: Bool, isStreamed: Bool, fault: Fault) {
    var conversation = Conversation()
    _ = conversation.destination()
    #expect(conversation.body(.requestBody, text, end: end, isStreamed: isStreamed) == .giveUp)
    #expect(conversation.machine.fault == fault)
  }

  @Test("finds a lost event of the response")
  func lostEvent() {
    var conversation = Conversation()
    conversation.answerRequest()
    #expect(conversation.body(.responseBody, "data: 2\n\n") == .giveUp)
    #expect(conversation.machine.fault == .bodyChanged)
  }

  @Test("finds a response that never ends")
  func endless() {
    var conversation = Conversation()
    conversation.answerRequest()
    #expect(conversation.body(.responseBody, "data: 1\n\ndata: 2\n\n") == .none)
    var machine = conversation.machine
    machine.ended(status: 0)
    #expect(machine.fault == .endedEarly)
  }

  @Test("finds answers after the last, unreadable ones, and a bad status")
  func ends() {
    var conversation = Conversation()
    conversation.answerRequest()
    #expect(conversation.body(.responseBody, "data: 1\n\ndata: 2\n\n", end: true) == .finish)
    var other = conversation
    #expect(conversation.body(.responseBody, "", end: true) == .giveUp)
    #expect(conversation.machine.fault == .surplus)
    #expect(other.receive(nil) == .giveUp)
    #expect(other.machine.fault == .unreadable)
    var machine = ConversationMachine()
    machine.ended(status: 13)
    #expect(machine.fault == .badStatus)
  }
}
