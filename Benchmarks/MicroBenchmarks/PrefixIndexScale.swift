import PrefixCache

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Fills a prefix index with very many entries and measures memory, lookups and inserts by the clock.
///
/// Prompts have 1,600 blocks. Counting instructions says little here: what costs is memory that is in no cache, so every
/// call measured works on a prompt drawn at random.
struct PrefixIndexScale {
  /// Blocks of a prompt.
  static let promptBlocks = 1_600
  /// Blocks that the prompts of all endpoints begin with, and those that four endpoints have in common behind them.
  private static let commonBlocks = 100
  private static let groupBlocks = 700
  private static let groupSize = 4
  private static let samples = 2_000

  private let entries: Int
  private let endpoints: Int
  private let isShared: Bool
  private let index: PrefixIndex
  private let matches = PrefixMatches()
  private let chain = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: promptBlocks)
  private var random = SystemRandomNumberGenerator()
  private let clock = ContinuousClock()

  /// - Parameter isShared: whether prompts begin alike on several endpoints; otherwise no block is on two of them.
  init(entries: Int, endpoints: Int, isShared: Bool) {
    self.entries = entries
    self.endpoints = endpoints
    self.isShared = isShared
    index = PrefixIndex(maximumEntries: max(entries, PrefixIndex.defaultMaximumEntries))
  }

  private var perEndpoint: Int { entries / endpoints }
  /// Prompts that every endpoint gets.
  private var prompts: Int {
    isShared
      ? max(1, (perEndpoint - Self.commonBlocks) / (Self.promptBlocks - Self.commonBlocks))
      : max(1, perEndpoint / Self.promptBlocks)
  }

  /// Runs everything and returns the figures as one JSON object; times are in nanoseconds.
  mutating func run() -> String {
    var figures: [(String, Double)] = []
    let before = Self.peakBytes()
    let growth = fill()
    let held = Double(index.entryCount)
    figures.append(("endpoints", Double(endpoints)))
    figures.append(("entries", held))
    figures.append(("bytes", Double(index.memoryBytes)))
    figures.append(("bytes_per_entry", Double(index.memoryBytes) / held))
    figures.append(("peak_resident_bytes", Double(Self.peakBytes() - before)))
    figures.append(("fill_ns_per_block", growth.total / held))
    figures.append(("fill_slowest_insert_ns", growth.slowest))
    append("lookup_whole", to: &figures) {
      $0.makePrompt(); return { $0.lookUp() }
    }
    append("lookup_half", to: &figures) {
      $0.makePrompt(); $0.replaceEnd(); return { $0.lookUp() }
    }
    append("lookup_unknown", to: &figures) {
      $0.replaceAll(); return { $0.lookUp() }
    }
    append("insert_known", to: &figures) { scale in
      let slot = scale.makePrompt()
      return { $0.insert(slot: slot) }
    }
    append("insert_new", to: &figures) { scale in
      scale.replaceAll()
      let slot = UInt32.random(in: 0..<UInt32(scale.endpoints), using: &scale.random)
      return { $0.insert(slot: slot) }
    }
    let fields = figures.map { "\"\($0.0)\": \(($0.1 * 100).rounded() / 100)" }
    return "{\"setting\": \"\(isShared ? "shared" : "distinct")\", \(fields.joined(separator: ", "))}"
  }

  // MARK: Work

  private mutating func fill() -> (total: Double, slowest: Double) {
    var (total, slowest) = (0.0, 0.0)
    var prompt = 0
    while index.entryCount < perEndpoint * endpoints {
      let count = index.entryCount
      for slot in 0..<endpoints {
        make(slot: slot, prompt: prompt)
        let known = isShared && prompt > 0 ? Self.commonBlocks : 0
        let room = min(Self.promptBlocks, known + perEndpoint - index.entryCount(of: UInt32(slot)))
        let elapsed = measure {
          $0.index.insert(
            UnsafeBufferPointer(rebasing: UnsafeBufferPointer($0.chain)[..<max(0, room)]), slot: UInt32(slot),
            capacity: $0.perEndpoint)
        }
        total += elapsed
        slowest = max(slowest, elapsed)
      }
      // More than the cap does not go in.
      guard index.entryCount > count else { break }
      prompt += 1
    }
    return (total, slowest)
  }

  private func lookUp() {
    matches.reset(slotCount: endpoints)
    index.addLongestMatches(of: UnsafeBufferPointer(chain), to: matches)
    consume(matches.touched.count)
  }

  private func insert(slot: UInt32) {
    index.insert(UnsafeBufferPointer(chain), slot: slot, capacity: perEndpoint)
  }

  private func measure(_ work: (Self) -> Void) -> Double {
    let start = clock.now
    work(self)
    let elapsed = clock.now - start
    return Double(elapsed.components.attoseconds) / 1e9 + Double(elapsed.components.seconds) * 1e9
  }

  private mutating func append(
    _ name: String, to figures: inout [(String, Double)], _ prepare: (inout Self) -> (Self) -> Void
  ) {
    var times: [Double] = []
    for _ in 0..<Self.samples {
      let work = prepare(&self)
      times.append(measure(work))
    }
    times.sort()
    figures.append(("\(name)_p50_ns", times[times.count / 2]))
    figures.append(("\(name)_p99_ns", times[times.count * 99 / 100]))
  }

  // MARK: Prompts

  /// A prompt that an endpoint holds as a whole, which is returned.
  @discardableResult
  private mutating func makePrompt() -> UInt32 {
    let slot = Int.random(in: 0..<endpoints, using: &random)
    make(slot: slot, prompt: Int.random(in: 0..<prompts, using: &random))
    return UInt32(slot)
  }

  private func make(slot: Int, prompt: Int) {
    let own = UInt64(prompt * endpoints + slot + 1)
    let group = UInt64(prompt * endpoints + slot / Self.groupSize + 1) | 1 << 40
    for block in 0..<Self.promptBlocks {
      if !isShared || block >= Self.commonBlocks + Self.groupBlocks {
        chain[block] = Self.hash(own, block)
      } else {
        chain[block] = Self.hash(block < Self.commonBlocks ? 1 << 41 : group, block)
      }
    }
  }

  private mutating func replaceEnd() { replace(from: Self.promptBlocks / 2) }

  private mutating func replaceAll() { replace(from: 0) }

  private mutating func replace(from first: Int) {
    let fresh = UInt64.random(in: 1 << 42..<1 << 43, using: &random)
    for block in first..<Self.promptBlocks { chain[block] = Self.hash(fresh, block) }
  }

  private static func hash(_ chain: UInt64, _ block: Int) -> UInt64 {
    var value = (chain << 12 | UInt64(block)) &* 0x9E37_79B9_7F4A_7C15
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  /// The most memory that the process has had, in bytes.
  private static func peakBytes() -> Int {
    var usage = rusage()
    // Of the process itself; the constant's type differs between C libraries.
    getrusage(0, &usage)
    return usage.ru_maxrss * 1_024
  }
}
