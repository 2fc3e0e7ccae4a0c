import ExtProc

/// Messages of a stream in any order and mode: nothing is picked twice or answered before its headers, every piece of a
/// body that must be answered is answered once, and a proxy that goes on in order comes to the end.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  var input = Input(start, count)
  let tellsModes = input.byte() & 1 == 1
  let modes = BodyModes(request: input.choose(bodyModes), response: input.choose(bodyModes))
  var stream = Stream(
    maxBodyBytes: Int(input.byte()) << 2, isEarly: input.byte() & 1 == 1, modes: tellsModes ? modes : duplex)
  if tellsModes { stream.machine.received(modes) }
  while !input.isEmpty, !stream.isOver {
    let choice = input.byte()
    stream.take(choice, size: Int(input.byte()))
    // Modes count in the first message alone.
    if choice >> 6 == 3, stream.hasBegun { stream.machine.received(duplex) }
  }
  stream.finish()
  return 0
}

private let bodyModes: [BodyMode?] = [
  BodyMode.none, .streamed, .buffered, .bufferedPartial, .fullDuplexStreamed, nil,
]
private let duplex = BodyModes(request: .fullDuplexStreamed, response: .fullDuplexStreamed)

/// What the owner of a machine does, and what it has seen.
private struct Stream {
  var machine: StreamMachine
  let modes: BodyModes
  let maxBodyBytes: Int
  /// Ended by an error, or by an answer of the picker's own.
  private(set) var isOver = false
  private var hasRequestHeaders = false
  private var hasResponseHeaders = false
  /// The first message has come.
  var hasBegun: Bool { hasRequestHeaders || hasResponseHeaders }
  private var requestPieces = 0
  private var requestPieceAnswers = 0
  private var requestTrailers = 0
  private var requestTrailerAnswers = 0
  private var keptBytes = 0
  private var picks = 0
  private var basis: StreamMachine.PickBasis?

  init(maxBodyBytes: Int, isEarly: Bool, modes: BodyModes) {
    machine = StreamMachine(maxBodyBytes: maxBodyBytes, allowsEarlyRelease: isEarly)
    self.maxBodyBytes = maxBodyBytes
    self.modes = modes
  }

  mutating func take(_ choice: UInt8, size: Int) {
    let end = choice & 0x10 != 0
    let direction: ProcessingMessage.Direction = choice & 0x20 == 0 ? .request : .response
    switch choice & 7 {
    case 0: headers(direction, end)
    case 1, 2, 3: body(direction, size, end)
    case 4: trailers(direction)
    case 5: if machine.isPicking { reject() }
    default: if machine.isPicking { pick() }
    }
  }

  /// Goes on as a proxy does until the stream has ended.
  mutating func finish() {
    guard !isOver else { return }
    if !hasResponseHeaders {
      if !hasRequestHeaders { headers(.request, false) }
      if !machine.isPicking, !machine.isForwarding { body(.request, 0, true) }
      precondition(isOver || machine.isPicking || machine.isForwarding, "a whole request is not picked for")
      guard !isOver else { return }
      if machine.isPicking { pick() }
      precondition(machine.isForwarding, "a picked request is not sent on")
      headers(.response, false)
    }
    if machine.isPicking { pick() }
    if !machine.isResponseComplete { body(.response, 1, true) }
    precondition(machine.isResponseComplete && !isOver, "a whole response is not complete")
    precondition(!machine.isPicking, "something is still waited for")
  }

  private mutating func headers(_ direction: ProcessingMessage.Direction, _ end: Bool) {
    let action = machine.receivedHeaders(direction, endOfStream: end)
    if direction == .request, !action.isFailure { hasRequestHeaders = true }
    if direction == .response, !action.isFailure { hasResponseHeaders = true }
    switch action {
    case .none: precondition(direction == .request && !end, "headers without an answer")
    case .pick(let basis): begin(basis)
    case .acknowledgeRequestHeaders:
      precondition(direction == .request && (modes.request == .buffered || modes.request == .bufferedPartial))
    case .answerResponseHeaders: precondition(direction == .response)
    case .fail: isOver = true
    default: preconditionFailure("\(action) to headers")
    }
  }

  private mutating func body(_ direction: ProcessingMessage.Direction, _ size: Int, _ end: Bool) {
    let isStreaming = direction == .request && modes.request == .streamed
    let counts = isStreaming && (machine.isForwarding || machine.isPicking && basis == .headersBeforeBody)
    let action = machine.receivedBody(direction, byteCount: size, endOfStream: end)
    switch action {
    case .none: break
    case .appendBody: keptBytes += size
    case .pick(let basis):
      keptBytes += size
      begin(basis)
    case .acknowledgeBody(.request):
      precondition(counts, "a piece is answered that is not waited for")
      requestPieceAnswers += 1
    case .acknowledgeBody(.response):
      precondition(hasResponseHeaders && !machine.passesResponseBody)
    case .passResponseBody:
      precondition(hasResponseHeaders && machine.passesResponseBody)
    case .rejectTooLarge:
      precondition(direction == .request && keptBytes + size > maxBodyBytes, "refused below the limit")
      isOver = true
    case .fail: isOver = true
    default: preconditionFailure("\(action) to a body")
    }
    precondition(
      direction == .request ? hasRequestHeaders || isOver || hasResponseHeaders : hasResponseHeaders || isOver)
    precondition(keptBytes <= maxBodyBytes, "more is kept than allowed")
    if counts, !isOver { requestPieces += 1 }
    check()
  }

  private mutating func trailers(_ direction: ProcessingMessage.Direction) {
    let isSentOn = direction == .request && (machine.isPicking || machine.isForwarding)
    let action = machine.receivedTrailers(direction)
    switch action {
    case .none: break
    case .pick(let basis):
      precondition(basis == .bodyThenTrailers)
      begin(basis)
    case .answerTrailers(.request):
      precondition(machine.isForwarding)
      requestTrailerAnswers += 1
    case .answerTrailers(.response): precondition(hasResponseHeaders)
    case .fail: isOver = true
    default: preconditionFailure("\(action) to trailers")
    }
    if isSentOn { requestTrailers += 1 }
    check()
  }

  private mutating func begin(_ basis: StreamMachine.PickBasis) {
    picks += 1
    self.basis = basis
    precondition(picks == 1, "picked twice")
    precondition(hasRequestHeaders || basis == .headersOnly || basis == .headersBeforeBody)
    precondition(!hasResponseHeaders, "picked after the response began")
    precondition(machine.isPicking && !machine.isForwarding)
  }

  private mutating func pick() {
    machine.picked()
    precondition(!machine.isPicking && machine.isForwarding)
    let owed = machine.takeDeferred()
    precondition(machine.takeDeferred() == StreamMachine.Deferred(), "answers owed twice")
    requestPieceAnswers += owed.bodyPieces
    if owed.hasTrailers { requestTrailerAnswers += requestTrailers }
    check()
  }

  private mutating func reject() {
    machine.rejected()
    precondition(!machine.isPicking && !machine.isForwarding)
    isOver = true
  }

  /// What the proxy waits for once the request is on its way.
  private func check() {
    guard machine.isForwarding, !isOver else { return }
    precondition(requestPieces == requestPieceAnswers, "pieces and their answers differ in number")
    precondition(requestTrailers == requestTrailerAnswers, "trailers and their answers differ in number")
  }
}

extension StreamMachine.Action {
  fileprivate var isFailure: Bool { if case .fail = self { true } else { false } }
}
