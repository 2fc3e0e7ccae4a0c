import Endpoints
import Scheduling
import Telemetry

/// Decides on one event loop which decisions are noted, and makes the notes.
///
/// A decision that nobody wants noted costs ``trace(_:pool:now:)``: a few comparisons. Not thread-safe.
final class Explainer {
  /// The header by which a request asks for its decision.
  static let requestHeader = "x-epp-explain"

  private let options: ExplainOptions
  private let log: DecisionLog
  private var random: RandomSource
  private let isOff: Bool
  /// The note of the decision being made.
  private var content: DecisionRecord.Content?

  init(options: ExplainOptions, log: DecisionLog, random: RandomSource) {
    self.options = options
    self.log = log
    self.random = random
    isOff = log.isOff && !options.answersRequests && !options.emitsEndpointScores
  }

  /// Whether what is told says which pool it is about.
  var namesPools: Bool { options.namesPools }

  /// Begins a note, if the decision about to be made is to be noted.
  /// - Returns: what the scheduler fills.
  func trace(_ headers: StoredHeaders, pool: PoolState, now: Double) -> DecisionTrace? {
    guard !isOff else { return nil }
    var isExplained = false
    if options.answersRequests, let value = headers.value(of: Self.requestHeader) {
      isExplained = value.count == 1 && value[0] == UInt8(ascii: "1")
    }
    let isLogged = isExplained || (isDrawn && log.wantsSample(now: now))
    guard isLogged || options.emitsEndpointScores else { return nil }
    var content = DecisionRecord.Content(time: 0)
    content.isExplained = isExplained
    content.isLogged = isLogged
    content.emitsScores = options.emitsEndpointScores
    content.notesBlockHashes = options.notesBlockHashes
    if namesPools { content.pool = pool.name }
    self.content = content
    return makeTrace()
  }

  /// A note of a decision that takes several attempts.
  struct Suspended {
    fileprivate let content: DecisionRecord.Content
  }

  /// Puts the note of the decision being made aside; nil when there is none.
  func suspend() -> Suspended? { content.take().map { Suspended(content: $0) } }

  /// Goes on with a note.
  /// - Returns: what the scheduler fills.
  func resume(_ suspended: Suspended?) -> DecisionTrace? {
    guard let suspended else { return nil }
    content = suspended.content
    return makeTrace()
  }

  private func makeTrace() -> DecisionTrace {
    DecisionTrace(maximumBlocks: options.notesBlockHashes ? DecisionRecord.maximumBlockHashes : 1)
  }

  private var isDrawn: Bool {
    options.share >= 1 || Double(random.next() >> 11) * 0x1p-53 < options.share
  }

  /// The request of the decision being made has waited for its turn.
  func waited(nanoseconds: UInt64) { content?.queueNanoseconds = nanoseconds }

  /// Notes the decision of a cycle that ``trace(_:pool:now:)`` made a trace for.
  func decided(
    _ cycle: SchedulingCycle, endpoints: [Endpoint], match: PrefixMatch?, parseNanoseconds: UInt64,
    scheduleNanoseconds: UInt64
  ) {
    note(cycle, parseNanoseconds)
    content?.endpoints = endpoints.map(\.addressText)
    content?.matchedBlocks = match?.matchedBlocks
    content?.scheduleNanoseconds = scheduleNanoseconds
  }

  /// Notes that the request of a cycle was turned away.
  func rejected(_ cycle: SchedulingCycle, _ rejection: Rejection, parseNanoseconds: UInt64) {
    note(cycle, parseNanoseconds)
    content?.rejection = rejection
  }

  private func note(_ cycle: SchedulingCycle, _ parseNanoseconds: UInt64) {
    guard var content, let trace = cycle.trace else { return }
    let request = cycle.request
    content.time = LogTimestamp.now()
    content.targetModel = Self.text(request.targetModel, limit: 256)
    content.model = content.targetModel
    content.priority = request.priority
    content.bodyBytes = request.bodyBytes
    if let inference = request.inference {
      if let model = inference.model { content.model = Self.text(model, limit: 256) }
      content.isStreaming = inference.isStreaming
      content.promptBytes = inference.promptByteCount
      content.promptTokens = inference.promptTokenCount
      content.maxOutputTokens = inference.maxOutputTokens
    }
    content.blocks = trace.blocks
    content.candidateCount = trace.candidateCount
    content.profiles = trace.profiles
    content.primaryProfile = trace.primaryProfile
    content.parseNanoseconds = parseNanoseconds
    self.content = content
    cycle.trace = nil
  }

  /// The finished note of the decision just made; nil when there is none.
  func take(_ headers: StoredHeaders, generatedRequestID: String?) -> DecisionRecord? {
    guard content != nil, var taken = content.take(), taken.time > 0 else { return nil }
    let requestID = headers.requestID ?? generatedRequestID ?? ""
    taken.requestID = String(decoding: requestID.utf8.prefix(DecisionRecord.maximumRequestID), as: UTF8.self)
    return taken.isLogged ? log.append(taken) : DecisionRecord(taken)
  }

  /// The stream of a noted decision has ended.
  func ended(_ record: DecisionRecord, _ outcome: DecisionRecord.Outcome) {
    if record.content.isLogged { log.ended(record, outcome) }
  }

  private static func text(_ bytes: UnsafeRawBufferPointer, limit: Int) -> String {
    String(decoding: bytes.prefix(limit), as: UTF8.self)
  }
}
