import ModelServerSimulator

/// Replays a trace on simulated servers under one policy, in simulated time.
///
/// Pure: the same trace, settings and policy give the same outcomes, and nothing waits for anything.
struct Simulation {
  private let trace: Trace
  private let settings: ServerSettings
  private let policy: any RoutingPolicy
  private var engines: [Engine]
  /// For each server the numbers of the requests submitted to it, in that order, which is the order of sequence ids.
  private var submitted: [[Int]]
  private var outcomes: [RequestOutcome]
  private var events: [EngineEvent] = []
  private var scrapes = 0

  /// - Throws: ``ReplayError`` when the settings are out of their ranges.
  init(_ trace: Trace, on settings: ServerSettings, by policy: any RoutingPolicy) throws(ReplayError) {
    try settings.validate()
    self.trace = trace
    self.settings = settings
    self.policy = policy
    do {
      let engine = try Engine(configuration: settings.engine)
      engines = Array(repeating: engine, count: settings.count)
    } catch {
      throw ReplayError("--\(error)")
    }
    submitted = Array(repeating: [], count: settings.count)
    outcomes = Array(repeating: RequestOutcome(), count: trace.requests.count)
  }

  /// Runs until the last answer has ended.
  mutating func run() -> [RequestOutcome] {
    for server in engines.indices { scrape(server, at: .zero) }
    for number in trace.requests.indices {
      let arrival = EngineInstant(seconds: trace.requests[number].arrival)
      advance(to: arrival)
      let placement = policy.place(trace.requests[number], number: number, now: arrival.seconds)
      submit(number, placement, at: arrival)
      submitWaiting(at: arrival)
    }
    serveWaiting()
    // Nothing waits any more, so scrapes decide nothing.
    for server in engines.indices {
      while let next = engines[server].nextEventTime { advance(server, to: next) }
    }
    return outcomes
  }

  /// Goes on until nothing waits in front of the servers, or nothing ever will be placed: scrapes of idle servers tell the
  /// same again and again, so whoever still waits after two rounds of them waits for a gate that never opens.
  private mutating func serveWaiting() {
    var idleScrapes = 0
    while policy.hasWaiting, idleScrapes <= 2 * engines.count, let next = nextScrape {
      advance(to: next.time)
      idleScrapes = engines.allSatisfy { $0.nextEventTime == nil } ? idleScrapes + 1 : 0
    }
  }

  private mutating func submitWaiting(at time: EngineInstant) {
    while let next = policy.placeWaiting(now: time.seconds) { submit(next.number, next.placement, at: time) }
  }

  private mutating func submit(_ number: Int, _ placement: Placement, at arrival: EngineInstant) {
    let request = trace.requests[number]
    guard case .server(let server) = placement, engines.indices.contains(server) else { return }
    outcomes[number].server = server
    let engineRequest = EngineRequest(
      promptTokens: request.promptTokens, blockHashes: hashes(of: request), outputTokens: request.outputTokens)
    do {
      _ = try engines[server].submit(engineRequest, at: arrival)
      submitted[server].append(number)
    } catch {
      outcomes[number].isRefused = true
      policy.answerEnded(number: number, now: arrival.seconds, cachedTokens: nil)
    }
  }

  /// The hashes of the engine's own blocks, as far as the trace's blocks tell them.
  private func hashes(of request: ReplayRequest) -> [UInt64] {
    let size = settings.engine.blockSize
    let full = request.promptTokens / size
    var hashes: [UInt64] = []
    hashes.reserveCapacity(full)
    for block in 0..<full {
      // The block of the trace that holds the last token: its number covers everything before.
      let source = ((block + 1) * size - 1) / trace.tokensPerBlock
      guard source < request.blocks.count else { break }
      hashes.append(Self.mix(request.blocks[source], UInt64(block)))
    }
    return hashes
  }

  private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
    var value = left &* 0x9E37_79B9_7F4A_7C15 ^ right &* 0xC2B2_AE3D_27D4_EB4F
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  // MARK: Time

  private mutating func advance(to time: EngineInstant) {
    // Scrapes of the servers are spread over the interval, as those of a running picker are.
    while let next = nextScrape, next.time <= time {
      advance(next.server, to: next.time)
      scrape(next.server, at: next.time)
      scrapes += 1
      submitWaiting(at: next.time)
    }
    for server in engines.indices { advance(server, to: time) }
  }

  private var nextScrape: (server: Int, time: EngineInstant)? {
    let count = engines.count
    let round = Double(scrapes / count + 1) + Double(scrapes % count) / Double(count)
    return (scrapes % count, EngineInstant(seconds: round * settings.scrapeInterval))
  }

  private mutating func scrape(_ server: Int, at time: EngineInstant) {
    policy.scrapeBegan(server: server)
    let engine = engines[server]
    policy.scraped(
      ServerState(
        waiting: engine.waitingCount, running: engine.runningCount, cacheUsage: engine.cacheUsage,
        blockSize: settings.engine.blockSize, blockCount: settings.engine.blockCount),
      server: server, now: time.seconds)
  }

  private mutating func advance(_ server: Int, to time: EngineInstant) {
    events.removeAll(keepingCapacity: true)
    engines[server].advance(to: time, events: &events)
    for event in events { note(event, server) }
  }

  private mutating func note(_ event: EngineEvent, _ server: Int) {
    switch event.kind {
    case .scheduled(let id, let cachedTokens):
      let number = number(of: id, server)
      // A sequence that lost its blocks begins again; the first time counts.
      guard outcomes[number].queueTime == nil else { return }
      outcomes[number].queueTime = elapsed(event.time, number)
      outcomes[number].cachedTokens = cachedTokens
    case .firstToken(let id):
      let number = number(of: id, server)
      outcomes[number].timeToFirstToken = elapsed(event.time, number)
      policy.answerBegan(number: number, now: event.time.seconds)
    case .finished(let id):
      let number = number(of: id, server)
      outcomes[number].latency = elapsed(event.time, number)
      policy.answerEnded(number: number, now: event.time.seconds, cachedTokens: outcomes[number].cachedTokens)
    case .preempted, .token, .step:
      break
    }
  }

  private func number(of id: SequenceID, _ server: Int) -> Int { submitted[server][Int(id.value) - 1] }

  private func elapsed(_ time: EngineInstant, _ number: Int) -> Double {
    time.seconds - trace.requests[number].arrival
  }
}
