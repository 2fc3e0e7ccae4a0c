import NIOCore
import NIOHTTP1

/// One simulated vLLM server: its engine, its metrics page and its routes. Confined to one event loop.
final class ModelServer {
  let configuration: SimulatorConfiguration
  /// `ip:port` it listens on, known once bound.
  var address = ""
  var connections: [ObjectIdentifier: HTTPConnection] = [:]
  var control = ControlState()

  let loop: any EventLoop
  var engine: Engine
  var clock: EngineClock
  var page: MetricsPage
  var tasks: [SequenceID: CompletionTask] = [:]
  /// Finished requests by reason, in the order of ``FinishReason``.
  var finished = Array(repeating: 0, count: FinishReason.allCases.count)

  private var events: [EngineEvent] = []
  private var touched: [CompletionTask] = []
  private var isDriving = false
  private var mustDriveAgain = false
  private var timer: (time: EngineInstant, task: Scheduled<Void>)?

  /// - Throws: ``ConfigurationError`` when a setting is out of its range.
  init(configuration: SimulatorConfiguration, loop: any EventLoop) throws(ConfigurationError) {
    try configuration.validate()
    self.configuration = configuration
    self.loop = loop
    self.engine = try Engine(configuration: configuration.engine)
    self.clock = EngineClock(start: .now(), scale: max(configuration.timeScale, .leastNormalMagnitude))
    self.page = Self.makePage(configuration, blockCount: configuration.engine.blockCount)
  }

  private static func makePage(_ configuration: SimulatorConfiguration, blockCount: Int) -> MetricsPage {
    MetricsPage(
      MetricsPage.Identity(
        modelName: configuration.models.first ?? "", blockSize: configuration.engine.blockSize,
        maxAdapters: configuration.adapters.isEmpty ? 0 : configuration.maxAdapters,
        maxTokens: blockCount * configuration.engine.blockSize, startTime: WallClock.seconds(),
        pageBytes: configuration.metricsPageBytes))
  }

  /// The engine's time now. Without real time the engine's own time stands still between requests.
  private var now: EngineInstant {
    configuration.timeScale == 0 ? engine.now : max(engine.now, clock.instant(at: .now()))
  }

  // MARK: Serving

  /// Hands a parsed request to the engine.
  func submit(_ request: CompletionRequest, from connection: HTTPConnection) {
    let now = now
    drive(to: now)
    let model = request.model ?? configuration.models.first ?? ""
    let adapter = configuration.adapters.contains(model) ? model : nil
    let hashes = BlockHash.chain(
      request.prompt, blockSize: configuration.engine.blockSize, seed: BlockHash.seed(adapter ?? ""))
    let promptTokens = max(1, BlockHash.tokens(inBytes: request.prompt.count))
    let outputTokens = request.maxTokens ?? configuration.defaultOutputTokens
    let id: SequenceID
    do throws(EngineRequestError) {
      id = try engine.submit(
        EngineRequest(promptTokens: promptTokens, blockHashes: hashes, outputTokens: outputTokens), at: now)
    } catch {
      let message =
        switch error {
        case .noOutput: "max_tokens must be at least 1"
        case .exceedsCache(let capacity):
          "This model's maximum context length is \(capacity) tokens. However, you requested \(outputTokens) output "
            + "tokens and your prompt contains \(promptTokens) input tokens. Please reduce the length of the input "
            + "prompt or the number of requested output tokens."
        }
      return connection.respondError(.badRequest, message, nil)
    }
    let writer = CompletionWriter(
      request, id: BlockHash.combine(BlockHash.seed(address), id.value), model: model,
      created: Int(WallClock.seconds()), seed: hashes.last ?? UInt64(promptTokens))
    let task = CompletionTask(
      id: id, adapter: adapter, writer: writer, isStream: request.stream, connection: connection,
      promptTokens: promptTokens, arrival: now)
    tasks[id] = task
    connection.task = task
    page.observe(Double(outputTokens), in: .paramsMaxTokens)
    page.observe(1, in: .paramsN)
    if request.stream { connection.beginEvents() }
    drive(to: now)
  }

  /// Takes a request out of the engine because its client is gone.
  func cancel(_ task: CompletionTask) {
    // After a restart the identifier may be another request's.
    guard tasks[task.id] === task else { return }
    tasks[task.id] = nil
    engine.cancel(task.id)
    countFinished(.abort)
    schedule()
  }

  /// Starts over like a new process: empty engine and cache, counters at zero, all connections dropped but `survivor`.
  func restart(keeping survivor: HTTPConnection) {
    tasks.removeAll()
    touched.removeAll()
    finished = Array(repeating: 0, count: FinishReason.allCases.count)
    var settings = configuration.engine
    if let blocks = control.blockCount { settings.blockCount = blocks }
    // The settings were valid at start and `ControlState` keeps the number of blocks in its range.
    if let fresh = try? Engine(configuration: settings) { engine = fresh }
    clock = EngineClock(start: .now(), scale: max(configuration.timeScale, .leastNormalMagnitude))
    page = Self.makePage(configuration, blockCount: settings.blockCount)
    schedule()
    for connection in Array(connections.values) where connection !== survivor { connection.close() }
  }

  // MARK: Time

  /// Lets the engine run up to `time` (to its end without real time) and sends what comes out of it.
  private func drive(to time: EngineInstant) {
    // Sending can call back: a pipelined request may follow, or the connection may turn out to be closed.
    guard !isDriving else {
      mustDriveAgain = true
      return
    }
    isDriving = true
    defer { isDriving = false }
    repeat {
      mustDriveAgain = false
      engine.advance(to: time, events: &events)
      while configuration.timeScale == 0, let next = engine.nextEventTime {
        engine.advance(to: next, events: &events)
      }
      for index in events.indices { handle(events[index], before: index + 1) }
      events.removeAll(keepingCapacity: true)
      send()
    } while mustDriveAgain
    schedule()
  }

  private func send() {
    let batch = touched
    touched.removeAll(keepingCapacity: true)
    for task in batch {
      task.isTouched = false
      // It may have been cancelled while others were sent.
      guard task.isFinished || tasks[task.id] === task else { continue }
      task.send()
    }
  }

  private func schedule() {
    guard configuration.timeScale > 0 else { return }
    let next = engine.nextEventTime
    if let timer, timer.time == next { return }
    timer?.task.cancel()
    timer = nil
    guard let next else { return }
    let bound = NIOLoopBound(self, eventLoop: loop)
    let task = loop.scheduleTask(deadline: clock.deadline(of: next)) {
      let server = bound.value
      server.timer = nil
      server.drive(to: server.now)
    }
    timer = (next, task)
  }

  // MARK: Events

  private func handle(_ event: EngineEvent, before next: Int) {
    switch event.kind {
    case .step(let tokens):
      page.observe(Double(tokens), in: .iterationTokens)
    case .scheduled(let id, let cachedTokens):
      guard let task = tasks[id] else { return }
      task.isRunning = true
      guard task.scheduled == nil else { return }
      task.scheduled = event.time
      task.cachedTokens = cachedTokens
      observe(from: task.arrival, to: event.time, in: .queueTime)
    case .preempted(let id):
      tasks[id]?.isRunning = false
    case .firstToken(let id):
      guard let task = tasks[id] else { return }
      task.firstToken = event.time
      observe(from: task.arrival, to: event.time, in: .timeToFirstToken)
      addToken(to: task, at: event.time, before: next)
    case .token(let id):
      guard let task = tasks[id] else { return }
      observe(from: task.lastToken, to: event.time, in: .interTokenLatency)
      addToken(to: task, at: event.time, before: next)
    case .finished(let id):
      guard let task = tasks.removeValue(forKey: id) else { return }
      finish(task, at: event.time)
    }
  }

  private func addToken(to task: CompletionTask, at time: EngineInstant, before next: Int) {
    let isLast = next < events.count && events[next].kind == .finished(task.id)
    task.lastToken = time
    task.addToken(isLast: isLast)
    guard task.isStream || isLast, !task.isTouched else { return }
    task.isTouched = true
    touched.append(task)
  }

  private func finish(_ task: CompletionTask, at time: EngineInstant) {
    task.isFinished = true
    let scheduled = task.scheduled ?? task.arrival
    let first = task.firstToken ?? time
    observe(from: task.arrival, to: time, in: .endToEndLatency)
    observe(from: scheduled, to: time, in: .inferenceTime)
    observe(from: scheduled, to: first, in: .prefillTime)
    observe(from: first, to: time, in: .decodeTime)
    if task.outputTokens > 1 {
      page.observe((time.seconds - first.seconds) / Double(task.outputTokens - 1), in: .timePerOutputToken)
    }
    page.observe(Double(task.promptTokens), in: .promptTokens)
    page.observe(Double(task.outputTokens), in: .generationTokens)
    page.observe(Double(task.outputTokens), in: .maxGenerationTokens)
    page.observe(Double(task.promptTokens - task.cachedTokens), in: .prefillComputedTokens)
    countFinished(task.writer.finishReason)
  }

  private func observe(from start: EngineInstant, to end: EngineInstant, in family: HistogramFamily) {
    page.observe(max(0, end.seconds - start.seconds), in: family)
  }

  private func countFinished(_ reason: FinishReason) {
    guard let index = FinishReason.allCases.firstIndex(of: reason) else { return }
    finished[index] += 1
  }
}
