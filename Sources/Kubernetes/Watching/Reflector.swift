import AsyncHTTPClient
import FoundationEssentials
import Logging
import NIOCore

/// Keeps telling what objects of a kind there are in a namespace: all of them once, then every change.
package struct Reflector<Object: KubeObject>: Sendable {
  /// What there is to know.
  package enum Event: Sendable {
    /// All objects there are.
    case replaced([Object])
    /// Objects that are new, changed or gone, in order.
    case changed([Change])
    /// The server does not know the kind, or does not show it. Not told for passing trouble once objects were seen.
    case absent
  }

  /// One change.
  package enum Change: Sendable {
    case present(Object)
    case gone(name: String)
  }

  let client: KubeClient
  let resource: ResourceType
  let namespace: String
  var labelSelector: String?
  var fieldSelector: String?
  let logger: Logger
  /// Told of events one after the other.
  let deliver: @Sendable (Event) async -> Void

  /// Objects asked for at a time.
  static var pageSize: Int { 500 }
  /// Looks in vain after which objects seen earlier are taken for gone with their kind.
  static var absencesUntilGone: Int { 6 }
  /// How long events gather before they are read, since every reading wakes threads up. What comes after some quiet is
  /// read at once.
  static var gathering: Duration { .milliseconds(20) }
  /// A piece that took longer to come was waited for: no other had come with it.
  static var waiting: Duration { .milliseconds(1) }
  /// Seconds after which initial events must be complete.
  static var initialEventsPatience: Double { 60 }

  /// Watches until the task is cancelled.
  func run() async {
    var state = State()
    while !Task.isCancelled {
      let outcome = await perform(state.machine.step, &state)
      guard !Task.isCancelled else { return }
      let next = state.machine.next(after: outcome, random: .random(in: 0...1))
      if case .page(_, let token) = outcome, (token ?? "").isEmpty { await deliverCollected(&state) }
      if next.discardsCollected { state.collected.removeAll() }
      if isHidden(outcome) {
        state.absences += 1
        if !state.hasListed || state.absences >= Self.absencesUntilGone {
          state.hasListed = false
          await deliver(.absent)
        }
      }
      if next.delay > 0 { try? await Task.sleep(for: .seconds(next.delay)) }
    }
  }

  private struct State {
    var machine = ReflectorMachine()
    /// Objects by name, of a list or of initial events that are not complete.
    var collected: [String: Object] = [:]
    var hasListed = false
    var absences = 0
    var isTroubled = false
  }

  private func isHidden(_ outcome: ReflectorMachine.Outcome) -> Bool {
    if case .refused(let code, _) = outcome { code == 404 || code == 403 } else { false }
  }

  private func deliverCollected(_ state: inout State) async {
    let objects = state.collected.values.sorted { $0.metadata.name < $1.metadata.name }
    state.collected.removeAll()
    state.hasListed = true
    state.absences = 0
    await deliver(.replaced(objects))
  }

  private func perform(_ step: ReflectorMachine.Step, _ state: inout State) async -> ReflectorMachine.Outcome {
    do {
      switch step {
      case .list(let token): return try await list(token, &state)
      case .streamList:
        return try await watch(
          [("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan")], isInitial: true, &state)
      case .watch(let version): return try await watch([("resourceVersion", version)], isInitial: false, &state)
      }
    } catch {
      note(error, &state)
      if case .status(let code, _, _, let retryAfter) = error { return .refused(code: code, retryAfter: retryAfter) }
      return .failed
    }
  }

  /// One warning when things begin to go wrong, one line when they go well again.
  private func note(_ error: KubeError, _ state: inout State) {
    if error.code == 410 || Task.isCancelled { return }
    let isOrdinary = error.code == 404 || error.code == 400 || error.code == 422
    logger.log(
      level: state.isTroubled || isOrdinary ? .debug : .warning, "kubernetes: \(resource): \(error)",
      metadata: ["namespace": "\(namespace)"])
    if !isOrdinary { state.isTroubled = true }
  }

  private func goesWell(_ state: inout State) {
    guard state.isTroubled else { return }
    state.isTroubled = false
    logger.notice("kubernetes: \(resource): answered again", metadata: ["namespace": "\(namespace)"])
  }

  // MARK: Lists

  private func list(_ token: String?, _ state: inout State) async throws(KubeError) -> ReflectorMachine.Outcome {
    var query = selectors + [("limit", String(Self.pageSize))]
    if let token { query.append(("continue", token)) }
    let page = try await client.get(ListPage<Object>.self, resource.path(namespace: namespace), query: query)
    goesWell(&state)
    for problem in page.problems { logger.error("kubernetes: \(resource): object left out: \(problem)") }
    for object in page.items { state.collected[object.metadata.name] = object }
    guard let version = page.metadata.resourceVersion, !version.isEmpty else {
      throw .malformed("a list without resourceVersion")
    }
    return .page(resourceVersion: version, continueToken: page.metadata.continue)
  }

  private var selectors: [(String, String)] {
    [("labelSelector", labelSelector), ("fieldSelector", fieldSelector)].compactMap { name, value in
      value.map { (name, $0) }
    }
  }

  // MARK: Watches

  private func watch(
    _ start: [(String, String)], isInitial: Bool, _ state: inout State
  ) async throws(KubeError) -> ReflectorMachine.Outcome {
    // Spread out, so that the watches of many pickers are not renewed at the same time.
    let seconds = Int.random(in: 300...600)
    let query =
      [("watch", "true"), ("allowWatchBookmarks", "true"), ("timeoutSeconds", String(seconds))] + start + selectors
    let response = try await client.open(
      .GET, resource.path(namespace: namespace), query: query, timeout: KubeClient.answerTimeout)
    goesWell(&state)
    let began = ContinuousClock.now
    var stream = WatchStream<Object>()
    var isInitial = isInitial
    var hadEvents = false
    do {
      var pieces = response.body.makeAsyncIterator()
      while true {
        let asked = ContinuousClock.now
        guard let piece = try await pieces.next() else { break }
        let wasWaitedFor = ContinuousClock.now - asked > Self.waiting
        let events = try stream.events(in: piece)
        hadEvents = hadEvents || !events.isEmpty
        if let outcome = await take(events, &isInitial, &state) { return outcome }
        // Servers send every event in a piece of its own: all that gathered are read before more may gather.
        if !isInitial, !events.isEmpty, wasWaitedFor { try await Task.sleep(for: Self.gathering) }
        let elapsed = ContinuousClock.now - began
        if elapsed > .seconds(isInitial ? Self.initialEventsPatience : Double(seconds + 60)) { break }
      }
    } catch {
      guard !Task.isCancelled else { return .watchBroke }
      logger.debug("kubernetes: \(resource): watch broke: \(error)")
      return .watchBroke
    }
    return stream.isInsideLine ? .watchBroke : .watchEnded(hadEvents: hadEvents)
  }

  /// - Returns: what ends the watch; nil when it goes on.
  private func take(
    _ events: [WatchEvent<Object>], _ isInitial: inout Bool, _ state: inout State
  ) async -> ReflectorMachine.Outcome? {
    var changes: [Change] = []
    var outcome: ReflectorMachine.Outcome?
    for event in events where outcome == nil {
      switch event {
      case .changed(let object):
        state.machine.saw(resourceVersion: object.metadata.resourceVersion ?? "")
        if isInitial {
          state.collected[object.metadata.name] = object
        } else {
          changes.append(.present(object))
        }
      case .deleted(let object):
        state.machine.saw(resourceVersion: object.metadata.resourceVersion ?? "")
        if isInitial {
          state.collected[object.metadata.name] = nil
        } else {
          changes.append(.gone(name: object.metadata.name))
        }
      case .bookmark(let version, let endsInitialEvents):
        state.machine.saw(resourceVersion: version)
        guard endsInitialEvents, isInitial else { continue }
        isInitial = false
        state.machine.initialEventsEnded()
        await deliverCollected(&state)
      case .skipped(let version, let problem):
        state.machine.saw(resourceVersion: version ?? "")
        logger.error("kubernetes: \(resource): object left out: \(problem)")
      case .failed(let error):
        note(error, &state)
        outcome = .refused(code: error.code ?? 0, retryAfter: nil)
      }
    }
    if !changes.isEmpty { await deliver(.changed(changes)) }
    return outcome
  }
}

/// Turns the bytes of a watch into events.
package struct WatchStream<Object: KubeObject> {
  private var lines = LineSplitter()
  private let decoder = JSONDecoder()

  package init() {}

  /// Whether the stream stopped inside a line.
  package var isInsideLine: Bool { lines.isInsideLine }

  /// The events that a piece completes.
  /// - Throws: when a line is no event, or too long.
  package mutating func events(in piece: ByteBuffer) throws -> [WatchEvent<Object>] {
    var events: [WatchEvent<Object>] = []
    try lines.append(piece.readableBytesView) { line in
      events.append(try decoder.decode(WatchEvent<Object>.self, from: Data(line)))
    }
    return events
  }
}
