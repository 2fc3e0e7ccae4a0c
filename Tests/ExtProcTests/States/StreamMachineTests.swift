import ExtProc
import Testing

/// The states of a stream: what follows from each message in each state.
@Suite struct StreamMachineTests {
  /// A message or a report to the machine.
  enum Event: Sendable {
    case headers(ProcessingMessage.Direction, end: Bool)
    case body(ProcessingMessage.Direction, Int, end: Bool)
    case trailers(ProcessingMessage.Direction)
    case picked
    case rejected
  }

  /// What came of it; failures without their text.
  enum Result: Equatable, Sendable {
    case action(StreamMachine.Action)
    case fails
    case nothing

    static let none = action(.none)
    static let appends = action(.appendBody)
    static let answersHeaders = action(.answerResponseHeaders)
    static let tooLarge = action(.rejectTooLarge)
    static func picks(_ basis: StreamMachine.PickBasis) -> Result { .action(.pick(basis)) }
    static func passes(end: Bool) -> Result { .action(.passResponseBody(endOfStream: end)) }
    static func trailers(_ direction: ProcessingMessage.Direction) -> Result { .action(.answerTrailers(direction)) }
    static func acknowledges(_ direction: ProcessingMessage.Direction) -> Result {
      .action(.acknowledgeBody(direction))
    }
  }

  static func step(_ machine: inout StreamMachine, _ event: Event) -> Result {
    let action: StreamMachine.Action
    switch event {
    case .headers(let direction, let end): action = machine.receivedHeaders(direction, endOfStream: end)
    case .body(let direction, let count, let end):
      action = machine.receivedBody(direction, byteCount: count, endOfStream: end)
    case .trailers(let direction): action = machine.receivedTrailers(direction)
    case .picked:
      machine.picked()
      return .nothing
    case .rejected:
      machine.rejected()
      return .nothing
    }
    guard case .fail(.unexpected(let what)) = action else { return .action(action) }
    #expect(!what.isEmpty)
    return .fails
  }

  // MARK: Courses of whole streams

  struct Course: Sendable, CustomTestStringConvertible {
    let name: String
    var modes: BodyModes?
    let steps: [(Event, Result)]
    var isComplete = true

    var testDescription: String { name }
  }

  @Test(arguments: courses)
  func course(_ course: Course) {
    var machine = StreamMachine(maxBodyBytes: 100)
    if let modes = course.modes { machine.received(modes) }
    for (index, (event, expected)) in course.steps.enumerated() {
      #expect(Self.step(&machine, event) == expected, "step \(index): \(event)")
    }
    #expect(machine.isResponseComplete == course.isComplete)
  }

  private static let duplexResponse: [(Event, Result)] = [
    (.headers(.response, end: false), .answersHeaders), (.body(.response, 50, end: false), .passes(end: false)),
    (.body(.response, 0, end: false), .passes(end: false)), (.body(.response, 7, end: true), .passes(end: true)),
  ]

  static let courses: [Course] =
    duplexCourses + [
      Course(
        name: "modes that are not known are taken for full duplex", modes: BodyModes(request: nil, response: nil),
        steps: [
          (.headers(.request, end: false), .none), (.body(.request, 10, end: true), .picks(.body)), (.picked, .nothing),
        ] + duplexResponse),
      Course(
        name: "request body not sent", modes: BodyModes(request: BodyMode.none, response: .fullDuplexStreamed),
        steps: [(.headers(.request, end: false), .picks(.headersBeforeBody)), (.picked, .nothing)] + duplexResponse),
      Course(
        name: "streamed", modes: BodyModes(request: .streamed, response: .streamed),
        steps: [
          (.headers(.request, end: false), .picks(.headersBeforeBody)), (.picked, .nothing),
          (.body(.request, 60, end: false), .acknowledges(.request)),
          (.body(.request, 60, end: true), .acknowledges(.request)),
          (.headers(.response, end: false), .answersHeaders),
          (.body(.response, 10, end: false), .acknowledges(.response)),
          (.body(.response, 10, end: true), .acknowledges(.response)),
        ]),
      Course(
        name: "streamed, ended by trailers",
        modes: BodyModes(request: .streamed, response: .streamed),
        steps: [
          (.headers(.request, end: false), .picks(.headersBeforeBody)), (.picked, .nothing),
          (.body(.request, 60, end: false), .acknowledges(.request)), (.trailers(.request), .trailers(.request)),
          (.headers(.response, end: true), .answersHeaders),
        ]),
      Course(
        name: "buffered", modes: BodyModes(request: .buffered, response: .buffered),
        steps: [
          (.headers(.request, end: false), .action(.acknowledgeRequestHeaders)),
          (.body(.request, 60, end: true), .picks(.bufferedBody(isWhole: true))), (.picked, .nothing),
          (.headers(.response, end: false), .answersHeaders),
          (.body(.response, 10, end: true), .acknowledges(.response)),
        ]),
      Course(
        name: "buffered in part", modes: BodyModes(request: .bufferedPartial, response: BodyMode.none),
        steps: [
          (.headers(.request, end: false), .action(.acknowledgeRequestHeaders)),
          (.body(.request, 60, end: false), .picks(.bufferedBody(isWhole: false))), (.picked, .nothing),
          (.headers(.response, end: false), .answersHeaders),
        ], isComplete: false),
    ]

  private static let duplexCourses: [Course] = [
    Course(
      name: "body in pieces",
      steps: [
        (.headers(.request, end: false), .none), (.body(.request, 30, end: false), .appends),
        (.body(.request, 0, end: false), .none), (.body(.request, 30, end: true), .picks(.body)), (.picked, .nothing),
      ] + duplexResponse),
    Course(
      name: "body, then its end in an empty message",
      steps: [
        (.headers(.request, end: false), .none), (.body(.request, 30, end: false), .appends),
        (.body(.request, 0, end: true), .picks(.body)), (.picked, .nothing),
      ] + duplexResponse),
    Course(
      name: "end of the body repeated in an empty message",
      steps: [
        (.headers(.request, end: false), .none), (.body(.request, 30, end: true), .picks(.body)), (.picked, .nothing),
        (.body(.request, 0, end: true), .none), (.body(.request, 0, end: true), .none),
      ] + duplexResponse),
    Course(
      name: "empty body",
      steps: [
        (.headers(.request, end: false), .none), (.body(.request, 0, end: true), .picks(.body)), (.picked, .nothing),
      ] + duplexResponse),
    Course(
      name: "headers alone, both ways",
      steps: [
        (.headers(.request, end: true), .picks(.headersOnly)), (.picked, .nothing),
        (.headers(.response, end: true), .answersHeaders),
      ]),
    Course(
      name: "trailers end the body",
      steps: [
        (.headers(.request, end: false), .none), (.body(.request, 30, end: false), .appends),
        (.trailers(.request), .picks(.bodyThenTrailers)), (.picked, .nothing),
      ] + duplexResponse),
    Course(
      name: "trailers without a body",
      steps: [
        (.headers(.request, end: false), .none), (.trailers(.request), .picks(.bodyThenTrailers)), (.picked, .nothing),
      ] + duplexResponse),
    Course(
      name: "end of the body, then trailers",
      steps: [
        (.headers(.request, end: false), .none), (.body(.request, 30, end: true), .picks(.body)), (.picked, .nothing),
        (.trailers(.request), .trailers(.request)),
      ] + duplexResponse),
    Course(
      name: "response ended by trailers",
      steps: [
        (.headers(.request, end: true), .picks(.headersOnly)), (.picked, .nothing),
        (.headers(.response, end: false), .answersHeaders), (.body(.response, 5, end: false), .passes(end: false)),
        (.trailers(.response), .trailers(.response)),
      ]),
    Course(
      name: "response ended by its body, then trailers",
      steps: [(.headers(.request, end: true), .picks(.headersOnly)), (.picked, .nothing)] + duplexResponse + [
        (.trailers(.response), .trailers(.response)), (.body(.response, 0, end: true), .none),
      ]),
    Course(
      name: "body of just the largest size",
      steps: [
        (.headers(.request, end: false), .none), (.body(.request, 99, end: false), .appends),
        (.body(.request, 1, end: true), .picks(.body)), (.picked, .nothing),
      ] + duplexResponse),
    Course(
      name: "body too large in one piece",
      steps: [(.headers(.request, end: false), .none), (.body(.request, 101, end: true), .tooLarge)],
      isComplete: false),
    Course(
      name: "body too large in the end",
      steps: [
        (.headers(.request, end: false), .none), (.body(.request, 100, end: false), .appends),
        (.body(.request, 1, end: true), .tooLarge), (.body(.request, 1, end: true), .none),
        (.trailers(.request), .none),
      ], isComplete: false),
    Course(
      name: "response before the request ended",
      steps: [
        (.headers(.request, end: false), .none), (.body(.request, 30, end: false), .appends),
        (.headers(.response, end: false), .answersHeaders), (.body(.request, 30, end: true), .none),
        (.body(.response, 10, end: true), .passes(end: true)),
      ]),
    Course(
      name: "response while the endpoint is being picked",
      steps: [
        (.headers(.request, end: true), .picks(.headersOnly)), (.headers(.response, end: false), .answersHeaders),
        (.picked, .nothing), (.body(.response, 10, end: true), .passes(end: true)),
      ]),
    Course(
      name: "rejected",
      steps: [
        (.headers(.request, end: false), .none), (.body(.request, 30, end: true), .picks(.body)), (.rejected, .nothing),
        (.body(.request, 0, end: true), .none), (.trailers(.request), .none),
      ], isComplete: false),
  ]

  // MARK: Modes

  /// Modes count from the first message on and do not change under way.
  @Test func modesDoNotChangeUnderWay() {
    var machine = StreamMachine(maxBodyBytes: 100)
    _ = machine.receivedHeaders(.request, endOfStream: false)
    machine.received(BodyModes(request: .buffered, response: .buffered))
    #expect(machine.receivedBody(.request, byteCount: 5, endOfStream: false) == .appendBody)
    #expect(machine.receivedBody(.request, byteCount: 5, endOfStream: true) == .pick(.body))
  }

  /// Envoy can deliver the last piece of a large body twice.
  @Test func lastPieceDeliveredTwiceIsIgnored() {
    var machine = StreamMachine(maxBodyBytes: 100)
    _ = machine.receivedHeaders(.request, endOfStream: false)
    #expect(machine.receivedBody(.request, byteCount: 5, endOfStream: true) == .pick(.body))
    machine.picked()
    #expect(machine.receivedBody(.request, byteCount: 5, endOfStream: true) == .none)
  }

  /// Ending a full-duplex stream early would lose data, so it is never done there.
  @Test(arguments: [BodyMode.none, .streamed, .buffered, .bufferedPartial, .fullDuplexStreamed, nil] as [BodyMode?])
  func releasesEarlyOnlyWhereBodiesAreBuffered(mode: BodyMode?) {
    for isAllowed in [false, true] {
      var machine = StreamMachine(maxBodyBytes: 100, allowsEarlyRelease: isAllowed)
      #expect(!machine.releasesEarly)
      machine.received(BodyModes(request: mode, response: .buffered))
      #expect(machine.releasesEarly == (isAllowed && (mode == .buffered || mode == .bufferedPartial)))
    }
  }

  @Test func tellsWhenARequestIsForwarded() {
    var machine = StreamMachine(maxBodyBytes: 100)
    #expect(!machine.isForwarding)
    _ = machine.receivedHeaders(.request, endOfStream: true)
    #expect(!machine.isForwarding)
    machine.picked()
    #expect(machine.isForwarding)
    var rejected = StreamMachine(maxBodyBytes: 100)
    _ = rejected.receivedHeaders(.request, endOfStream: true)
    rejected.rejected()
    rejected.picked()
    #expect(!rejected.isForwarding)
  }
}
