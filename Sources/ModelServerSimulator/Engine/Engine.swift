/// A continuous-batching inference engine in simulated time.
///
/// The engine works in steps. A step computes at most `maxBatchedTokens` tokens: first one token for each decoding
/// sequence and the next part of prompts already begun, oldest first, then as many waiting sequences as fit, first come
/// first served. When the step ends, each sequence whose known tokens are all computed gets one more token.
///
/// A sequence takes the blocks of its whole prompt when it starts to run and one more whenever its output fills the last
/// one. When no block is left for a running sequence, the newest running sequence loses its blocks and waits again. Full
/// blocks stay in a prefix cache after release until they are reused.
///
/// The type has no clock and no I/O. A driver calls ``advance(to:events:)`` at ``nextEventTime`` to get events as they
/// happen, or as late as it likes: events carry their exact times. It is a value: copies are independent.
public struct Engine: Sendable {
  /// Speeds and limits.
  public let configuration: EngineConfiguration
  /// The time the engine was last advanced to, or a later request's arrival.
  public private(set) var now: EngineInstant = .zero
  /// Totals since the start.
  public private(set) var statistics = EngineStatistics()

  private var running: [Sequence] = []
  private var waiting = WaitingQueue()
  private var pool: BlockPool
  private var nextID: UInt64 = 1
  /// When the step in progress ends.
  private var stepEnd: EngineInstant?
  private var stepTokens = 0
  /// When an idle engine starts its next step.
  private var wakeTime: EngineInstant?
  /// The head of the queue that did not fit, and the pool's release count then.
  private var blocked: (id: SequenceID, releases: UInt64)?

  /// An idle engine at time zero.
  ///
  /// - Throws: ``ConfigurationError`` when a setting is out of its range.
  public init(configuration: EngineConfiguration = EngineConfiguration()) throws(ConfigurationError) {
    try configuration.validate()
    self.configuration = configuration
    self.pool = BlockPool(blockCount: configuration.blockCount)
  }

  /// Sequences in the running batch.
  public var runningCount: Int { running.count }
  /// Sequences waiting to run.
  public var waitingCount: Int { waiting.count }
  /// Blocks in use by running sequences.
  public var usedBlocks: Int { pool.usedCount }
  /// Blocks in use over all blocks, 0...1.
  public var cacheUsage: Double { Double(pool.usedCount) / Double(configuration.blockCount) }
  /// Tokens the whole KV cache holds.
  public var capacityTokens: Int { configuration.blockCount * configuration.blockSize }

  /// When the next step starts or ends; `nil` when the engine is idle.
  public var nextEventTime: EngineInstant? { stepEnd ?? wakeTime }

  /// Adds a request to the end of the queue.
  ///
  /// Advance the engine to `time` before, so that steps that ended earlier don't see the request. An idle engine starts
  /// its step when it is next advanced; requests submitted for the same instant until then share that step.
  ///
  /// - Returns: the identifier its events carry.
  /// - Throws: ``EngineRequestError`` when the request can never run.
  public mutating func submit(_ request: EngineRequest, at time: EngineInstant) throws(EngineRequestError) -> SequenceID
  {
    guard request.outputTokens >= 1 else { throw .noOutput }
    let prompt = max(1, request.promptTokens)
    let (total, overflow) = prompt.addingReportingOverflow(request.outputTokens - 1)
    guard !overflow, total <= capacityTokens else { throw .exceedsCache(capacityTokens: capacityTokens) }

    let id = SequenceID(value: nextID)
    nextID += 1
    waiting.append(
      Sequence(id: id, promptTokens: prompt, outputTokens: request.outputTokens, blockHashes: request.blockHashes))
    statistics.submitted += 1
    now = max(now, time)
    if stepEnd == nil, wakeTime == nil { wakeTime = now }
    return id
  }

  /// Removes a sequence, running or waiting, and releases its blocks at once. No event follows for it; an identifier
  /// that is not in the engine is ignored.
  public mutating func cancel(_ id: SequenceID) {
    if let index = running.firstIndex(where: { $0.id == id }) {
      pool.release(running.remove(at: index).blocks)
    } else if waiting.remove(id) == nil {
      return
    }
    statistics.cancelled += 1
  }

  /// Lets the engine run up to and including `time`, appending what happens to `events` in order of time.
  public mutating func advance(to time: EngineInstant, events: inout [EngineEvent]) {
    while let next = nextEventTime, next <= time {
      now = max(now, next)
      if stepEnd != nil { finishStep(events: &events) }
      wakeTime = nil
      startStep(events: &events)
    }
    now = max(now, time)
  }

  /// Lets the engine run up to and including `time`.
  ///
  /// - Returns: what happened, in order of time.
  public mutating func advance(to time: EngineInstant) -> [EngineEvent] {
    var events: [EngineEvent] = []
    advance(to: time, events: &events)
    return events
  }

  // MARK: Steps

  private mutating func startStep(events: inout [EngineEvent]) {
    var budget = configuration.maxBatchedTokens
    var decoding = 0
    var prefillTokens = 0
    let preempted = extendRunning(budget: &budget, decoding: &decoding, prefillTokens: &prefillTokens, &events)
    // A sequence that just lost its blocks must not get them back before the older ones had their step.
    if !preempted { admitWaiting(budget: &budget, prefillTokens: &prefillTokens, &events) }
    statistics.maxRunning = max(statistics.maxRunning, running.count)

    stepTokens = configuration.maxBatchedTokens - budget
    guard stepTokens > 0 else { return }
    stepEnd = now.advanced(byNanoseconds: stepNanoseconds(decoding: decoding, prefillTokens: prefillTokens))
  }

  private func stepNanoseconds(decoding: Int, prefillTokens: Int) -> Int64 {
    var seconds = Double(prefillTokens) / configuration.prefillTokensPerSecond
    if decoding > 0 {
      seconds += configuration.decodeStepSeconds
      seconds += configuration.decodeStepPerSequenceSeconds * Double(decoding - 1)
    }
    // Time must move on even when every cost is set to zero.
    return max(1000, Int64((max(seconds, configuration.decodeStepSeconds) * 1e9).rounded()))
  }

  private mutating func finishStep(events: inout [EngineEvent]) {
    stepEnd = nil
    statistics.steps += 1
    events.append(EngineEvent(time: now, kind: .step(tokens: stepTokens)))
    var finished = 0
    for index in running.indices where running[index].inStep > 0 {
      running[index].computed += running[index].inStep
      running[index].inStep = 0
      guard running[index].computed == running[index].known else { continue }
      running[index].generated += 1
      statistics.outputTokens += 1
      let id = running[index].id
      if running[index].generated == 1 {
        statistics.promptTokens += running[index].promptTokens
        events.append(EngineEvent(time: now, kind: .firstToken(id)))
      } else {
        events.append(EngineEvent(time: now, kind: .token(id)))
      }
      guard running[index].generated == running[index].outputTokens else { continue }
      events.append(EngineEvent(time: now, kind: .finished(id)))
      pool.release(running[index].blocks)
      finished += 1
    }
    guard finished > 0 else { return }
    statistics.finished += finished
    running.removeAll { $0.generated == $0.outputTokens }
  }

  /// Gives each running sequence its part of the step. Returns whether one had to be preempted.
  private mutating func extendRunning(
    budget: inout Int, decoding: inout Int, prefillTokens: inout Int, _ events: inout [EngineEvent]
  ) -> Bool {
    var preempted = false
    var index = 0
    while index < running.count, budget > 0 {
      let tokens = min(running[index].known - running[index].computed, budget)
      let needed = blocks(for: running[index].computed + tokens) - running[index].blocks.count
      while pool.freeCount < needed, index < running.count {
        preempted = true
        preemptNewest(&events)
      }
      guard index < running.count else { break }
      allocate(needed, for: index)
      if running[index].isDecoding { decoding += 1 } else { prefillTokens += tokens }
      schedule(tokens, for: index)
      budget -= tokens
      index += 1
    }
    return preempted
  }

  private mutating func preemptNewest(_ events: inout [EngineEvent]) {
    guard var sequence = running.popLast() else { return }
    pool.release(sequence.blocks)
    sequence.blocks = []
    sequence.computed = 0
    sequence.published = 0
    statistics.preemptions += 1
    events.append(EngineEvent(time: now, kind: .preempted(sequence.id)))
    waiting.prepend(sequence)
  }

  private mutating func admitWaiting(budget: inout Int, prefillTokens: inout Int, _ events: inout [EngineEvent]) {
    while running.count < configuration.maxSequences, budget > 0, let head = waiting.first {
      if let blocked, blocked.id == head.id, blocked.releases == pool.releases { return }
      // The last token is always computed: sampling the next one needs its output.
      let limit = (head.known - 1) / configuration.blockSize
      let cached = pool.cachedPrefix(of: hashes(of: head), limit: limit)
      let needed = blocks(for: head.known) - cached.blocks.count
      guard needed <= pool.freeCount - cached.free else {
        blocked = (head.id, pool.releases)
        return
      }
      guard var sequence = waiting.popFirst() else { return }
      pool.retain(cached.blocks)
      sequence.blocks = cached.blocks
      sequence.published = cached.blocks.count
      sequence.computed = cached.blocks.count * configuration.blockSize
      if !sequence.counted {
        sequence.counted = true
        statistics.queriedTokens += sequence.promptTokens
        statistics.cachedTokens += sequence.computed
      }
      events.append(EngineEvent(time: now, kind: .scheduled(sequence.id, cachedTokens: sequence.computed)))
      running.append(sequence)
      let index = running.count - 1
      allocate(needed, for: index)
      let tokens = min(sequence.known - sequence.computed, budget)
      schedule(tokens, for: index)
      budget -= tokens
      prefillTokens += tokens
    }
  }

  private mutating func allocate(_ count: Int, for index: Int) {
    for _ in 0..<max(0, count) {
      guard let block = pool.allocate() else { return }
      running[index].blocks.append(block)
    }
  }

  /// Marks `tokens` of a sequence for this step and publishes the blocks these fill: the step computes them before any
  /// sequence that is scheduled after this one reads them.
  private mutating func schedule(_ tokens: Int, for index: Int) {
    running[index].inStep = tokens
    let full = (running[index].computed + tokens) / configuration.blockSize
    while running[index].published < min(full, running[index].blocks.count) {
      let position = running[index].published
      pool.publish(running[index].blocks[position], hash: hash(of: running[index], block: position))
      running[index].published += 1
    }
  }

  private func blocks(for tokens: Int) -> Int {
    (tokens + configuration.blockSize - 1) / configuration.blockSize
  }

  /// Block hashes to look up. Only a preempted sequence has generated blocks to find again.
  private func hashes(of sequence: Sequence) -> [UInt64] {
    guard sequence.generated > 0 else { return sequence.blockHashes }
    return (0..<sequence.known / configuration.blockSize).map { hash(of: sequence, block: $0) }
  }

  /// The given hash of a prompt block; for blocks with generated tokens, or without a given hash, one of its own.
  private func hash(of sequence: Sequence, block: Int) -> UInt64 {
    if block < sequence.blockHashes.count, block < sequence.promptTokens / configuration.blockSize {
      return sequence.blockHashes[block]
    }
    return BlockHash.combine(sequence.id.value ^ 0x9e37_79b9_7f4a_7c15, UInt64(block))
  }
}
