import Endpoints
import ModelServerMetrics

/// A small seeded generator, so that a failing case can be run again.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Scans a page in pieces of the given sizes, the last size repeating.
func scan(
  _ page: [UInt8], _ plan: ScanPlan = ScanPlan(engine: .vllm), pieces: [Int] = [.max]
) -> ModelServerReading {
  var scanner = PageScanner(plan: plan)
  return scan(page, with: &scanner, pieces: pieces)
}

func scan(_ page: [UInt8], with scanner: inout PageScanner, pieces: [Int] = [.max]) -> ModelServerReading {
  var rest = page[...]
  var sizes = pieces[...]
  while !rest.isEmpty {
    let size = sizes.count > 1 ? sizes.removeFirst() : sizes.first ?? .max
    rest.prefix(max(1, size)).withUnsafeBytes { scanner.feed($0) }
    rest = rest.dropFirst(max(1, size))
  }
  return scanner.finish()
}

func scan(_ page: String, _ plan: ScanPlan = ScanPlan(engine: .vllm)) -> ModelServerReading {
  scan(Array(page.utf8), plan)
}

/// What a reading says, for comparisons.
struct ReadingValues: Equatable {
  var numbers: [Double?]
  var custom: [Double?]
  var active: Set<String>?
  var waiting: Set<String>?
  var missing: ModelServerFields
  var brokenLines: Int

  init(_ reading: ModelServerReading) {
    numbers = [
      reading.waitingQueueSize, reading.runningRequests, reading.kvCacheUsage, reading.cacheBlockSize,
      reading.cacheBlockCount, reading.maxActiveModels,
    ]
    custom = reading.custom.map { $0.isNaN ? nil : $0 }
    active = reading.adapters?.active
    waiting = reading.adapters?.waiting
    missing = reading.missing
    brokenLines = reading.brokenLines
  }
}
