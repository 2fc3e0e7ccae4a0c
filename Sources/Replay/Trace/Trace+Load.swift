#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Trace {
  /// Prompt tokens of all requests.
  public var promptTokens: Int { requests.reduce(0) { $0 + $1.promptTokens } }

  /// Prompt tokens that one cache without limits would have when each request comes.
  public var reusableTokens: Int {
    var seen: Set<UInt64> = []
    var tokens = 0
    for request in requests {
      let held = request.blocks.prefix { seen.contains($0) }.count
      tokens += min(held * tokensPerBlock, max(0, request.promptTokens - 1))
      seen.formUnion(request.blocks)
    }
    return tokens
  }

  /// Part of the prompt tokens that no routing can exceed as prefix hits, 0…1.
  public var hitCeiling: Double { promptTokens > 0 ? Double(reusableTokens) / Double(promptTokens) : 0 }

  /// Prompt tokens that one cache of this size would have when each request comes, if what was used longest ago gave
  /// way and the ends of prompts did before their beginnings.
  public func reusableTokens(cacheTokens: Int) -> Int {
    var cache = RecencyCache(capacity: max(1, cacheTokens / max(1, tokensPerBlock)))
    var tokens = 0
    for request in requests {
      let held = request.blocks.prefix { cache.contains($0) }.count
      tokens += min(held * tokensPerBlock, max(0, request.promptTokens - 1))
      for block in request.blocks.reversed() { cache.use(block) }
    }
    return tokens
  }

  /// How much faster than recorded the trace has to come for a load on these servers.
  ///
  /// At a load of 1 the servers would be busy all the time if all their caches were one, so that nothing is held or
  /// computed twice, and if they always decoded as many sequences at once as their caches hold: no routing reaches it.
  public func speed(forLoad load: Double, on settings: ServerSettings) -> Double {
    guard let first = requests.first?.arrival, let last = requests.last?.arrival, last > first else { return 1 }
    let engine = settings.engine
    let capacity = Double(engine.blockCount * engine.blockSize)
    let computed = promptTokens - reusableTokens(cacheTokens: Int(capacity) * settings.count)
    let output = Double(requests.reduce(0) { $0 + $1.outputTokens })
    let footprint = (Double(promptTokens) + output) / Double(requests.count)
    let batch = min(max(1, capacity / max(1, footprint)), Double(engine.maxSequences))
    let token = engine.decodeStepSeconds / batch + engine.decodeStepPerSequenceSeconds * (1 - 1 / batch)
    let work = (Double(computed) / engine.prefillTokensPerSecond + output * token) / Double(settings.count)
    return work > 0 ? load * (last - first) / work : 1
  }

  /// Requests of groups that share a long prefix, in the manner of inference-perf's generator: each has a prefix of its
  /// group and a question of its own, groups are drawn by Zipf's law, and arrivals are a Poisson process at 1 a second.
  public static func sharedPrefixes(
    groups: Int, requests count: Int, prefixTokens: Int, questionTokens: Int, outputTokens: Int, seed: UInt64
  ) -> Trace {
    let tokensPerBlock = 64
    var random = SplitMix(state: seed)
    let weights = (1...max(1, groups)).map { 1 / Double($0) }
    let sum = weights.reduce(0, +)
    var now = 0.0
    let requests = (0..<count).map { number in
      now += -log(1 - random.share())
      var draw = random.share() * sum
      let group = weights.firstIndex { weight in
        draw -= weight
        return draw < 0
      }
      let prefix = (0..<prefixTokens / tokensPerBlock).map { UInt64(group ?? 0) << 32 | UInt64($0) }
      let own = (0..<questionTokens / tokensPerBlock).map { UInt64(1) << 63 | UInt64(number) << 20 | UInt64($0) }
      return ReplayRequest(
        arrival: now, promptTokens: (prefix.count + own.count) * tokensPerBlock, outputTokens: max(1, outputTokens),
        blocks: prefix + own)
    }
    return Trace(requests: requests, tokensPerBlock: tokensPerBlock)
  }
}

/// A small generator whose sequence is the same everywhere.
private struct SplitMix {
  var state: UInt64

  /// Uniform in 0..<1.
  mutating func share() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((value ^ (value >> 31)) >> 11) / Double(1 << 53)
  }
}
