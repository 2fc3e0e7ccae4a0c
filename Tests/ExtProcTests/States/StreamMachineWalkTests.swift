import ExtProc
import Testing

/// Whatever comes in whatever order: some things never happen.
@Suite struct StreamMachineWalkTests {
  /// What may happen once, and what may not be taken back.
  private struct Ledger {
    var picks = 0
    var headerAnswers = 0
    var headerAcknowledgements = 0
    var kept = 0
    var isRefused = false
    var wasComplete = false
    var hasPickReport = false

    mutating func note(_ action: StreamMachine.Action, _ event: StreamMachineTests.Event, maxBodyBytes: Int) {
      switch action {
      case .pick:
        picks += 1
        #expect(!isRefused)
        if case .body(.request, let count, _) = event { kept += count }
      case .appendBody:
        if case .body(.request, let count, _) = event { kept += count }
        #expect(picks == 0)
      case .rejectTooLarge:
        #expect(!isRefused)
        isRefused = true
      case .answerResponseHeaders: headerAnswers += 1
      case .acknowledgeRequestHeaders:
        headerAcknowledgements += 1
        #expect(picks == 0)
      case .passResponseBody, .acknowledgeBody(.response), .answerTrailers(.response):
        #expect(headerAnswers == 1)
      case .acknowledgeBody(.request), .answerTrailers(.request):
        #expect(picks == 1)
      case .none, .fail: break
      }
      #expect(picks <= 1)
      #expect(headerAnswers <= 1)
      #expect(headerAcknowledgements <= 1)
      #expect(kept <= maxBodyBytes)
    }
  }

  private static let bodyModes: [BodyMode?] = [
    BodyMode.none, .streamed, .buffered, .bufferedPartial, .fullDuplexStreamed, nil,
  ]

  private func event(_ random: inout SeededGenerator, canReport: Bool) -> StreamMachineTests.Event {
    let direction: ProcessingMessage.Direction = Bool.random(using: &random) ? .request : .response
    switch Int.random(in: 0..<(canReport ? 7 : 5), using: &random) {
    case 0: return .headers(direction, end: Int.random(in: 0..<4, using: &random) == 0)
    case 1, 2, 3:
      let count = [0, 1, 10, 60, 101].randomElement(using: &random) ?? 0
      return .body(direction, count, end: Int.random(in: 0..<4, using: &random) == 0)
    case 4: return .trailers(direction)
    default: return Int.random(in: 0..<4, using: &random) == 0 ? .rejected : .picked
    }
  }

  @Test(arguments: 0..<8)
  func randomWalks(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<3_000 {
      let maxBodyBytes = [0, 50, 100, 1_000].randomElement(using: &random) ?? 0
      var machine = StreamMachine(maxBodyBytes: maxBodyBytes)
      var ledger = Ledger()
      if Bool.random(using: &random) {
        machine.received(
          BodyModes(
            request: Self.bodyModes.randomElement(using: &random) ?? nil,
            response: Self.bodyModes.randomElement(using: &random) ?? nil))
      }
      if Bool.random(using: &random) {
        ledger.note(machine.receivedHeaders(.request, endOfStream: false), .picked, maxBodyBytes: maxBodyBytes)
      }
      for _ in 0..<Int.random(in: 1...30, using: &random) {
        // Reports answer picks; the owner gives one for each.
        let event = event(&random, canReport: ledger.picks == 1 && !ledger.hasPickReport)
        switch event {
        case .headers(let direction, let end):
          ledger.note(machine.receivedHeaders(direction, endOfStream: end), event, maxBodyBytes: maxBodyBytes)
        case .body(let direction, let count, let end):
          ledger.note(
            machine.receivedBody(direction, byteCount: count, endOfStream: end), event, maxBodyBytes: maxBodyBytes)
        case .trailers(let direction):
          ledger.note(machine.receivedTrailers(direction), event, maxBodyBytes: maxBodyBytes)
        case .picked:
          ledger.hasPickReport = true
          machine.picked()
        case .rejected:
          ledger.hasPickReport = true
          machine.rejected()
        }
        #expect(!ledger.wasComplete || machine.isResponseComplete)
        ledger.wasComplete = machine.isResponseComplete
        #expect(!machine.isForwarding || ledger.picks == 1)
      }
    }
  }
}
