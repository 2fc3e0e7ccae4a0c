/// Reads the admitted lines of one page into numbers.
struct PageReader {
  let plan: ScanPlan
  /// By family: whether the TYPE comment made it a gauge or a counter. Other families read as 0, as in the reference
  /// endpoint picker.
  private var hasValue: [Bool]
  private var accumulators: [SeriesAccumulator]
  private var adapters = AdapterReader()
  private var parser = SampleParser()
  /// Lines of wanted families that break the format; they are left out.
  private var brokenLines = 0

  init(plan: ScanPlan) {
    self.plan = plan
    hasValue = Array(repeating: false, count: plan.families.count)
    accumulators = Array(repeating: SeriesAccumulator(), count: plan.outputCount)
  }

  mutating func reset() {
    for index in hasValue.indices { hasValue[index] = false }
    for index in accumulators.indices { accumulators[index] = SeriesAccumulator() }
    adapters.reset()
    brokenLines = 0
  }

  /// Reads a line without its line feed.
  mutating func read(_ line: UnsafeBufferPointer<UInt8>) {
    var start = 0
    var end = line.count
    if end > 0, line[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    while start < end, Ascii.isBlank(line[start]) { start += 1 }
    while end > start, Ascii.isBlank(line[end - 1]) { end -= 1 }
    let line = UnsafeBufferPointer(rebasing: line[start..<end])
    guard let first = line.first else { return }
    if first == UInt8(ascii: "#") { readComment(line) } else { readSample(line) }
  }

  private mutating func readComment(_ line: UnsafeBufferPointer<UInt8>) {
    let keyword = SampleParser.skipBlanks(line, 1)
    let keywordEnd = SampleParser.endOfToken(line, keyword)
    guard Ascii.spells("TYPE", line, keyword, keywordEnd) else { return }
    let name = SampleParser.skipBlanks(line, keywordEnd)
    let nameEnd = SampleParser.endOfToken(line, name)
    guard name < nameEnd, let start = line.baseAddress else { return }
    let type = SampleParser.skipBlanks(line, nameEnd)
    let typeEnd = SampleParser.endOfToken(line, type)
    let isNumber = Ascii.spells("gauge", line, type, typeEnd) || Ascii.spells("counter", line, type, typeEnd)
    var candidates = plan.filter.withTables { $0.candidates(start + name, nameEnd - name) }
    while candidates != 0 {
      let index = candidates.trailingZeroBitCount
      candidates &= candidates - 1
      let alias = index < plan.families.count ? nil : plan.openMetricsNames[index - plan.families.count]
      let family = alias?.family ?? index
      if Self.matches(line, name, nameEnd, alias?.name ?? plan.families[index].name) { hasValue[family] = isNumber }
    }
  }

  @inline(__always)
  private static func matches(_ line: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, _ name: [UInt8]) -> Bool {
    // The last byte first: names of one engine begin alike.
    guard name.count == end - start, let last = name.last, line[end - 1] == last else { return false }
    return line[start..<end].elementsEqual(name)
  }

  private mutating func readSample(_ line: UnsafeBufferPointer<UInt8>) {
    guard let start = line.baseAddress else { return }
    var candidates = plan.filter.withTables { $0.candidates(start, line.count) }
    while candidates != 0 {
      let index = candidates.trailingZeroBitCount
      candidates &= candidates - 1
      guard index < plan.families.count else { return }
      let length = plan.families[index].name.count
      guard line.count > length else { continue }
      let next = line[length]
      guard next == UInt8(ascii: "{") || Ascii.isBlank(next),
        Self.matches(line, 0, length, plan.families[index].name)
      else { continue }
      readSeries(line, family: index)
      return
    }
  }

  private mutating func readSeries(_ line: UnsafeBufferPointer<UInt8>, family index: Int) {
    guard let sample = parser.parse(line, from: plan.families[index].name.count) else {
      brokenLines += 1
      return
    }
    let value = hasValue[index] ? sample.value : 0
    for rule in plan.families[index].rules where matches(rule, line) {
      switch rule.purpose {
      case .value(let output):
        accumulators[output].add(value, timestamp: sample.timestamp)
      case .adapters:
        adapters.offer(value, line, parser)
      case .cacheLabels(let size, let count):
        addLabel(size, of: line, to: ScanPlan.Output.blockSize, timestamp: sample.timestamp)
        addLabel(count, of: line, to: ScanPlan.Output.blockCount, timestamp: sample.timestamp)
      }
    }
  }

  private func matches(_ rule: ScanPlan.Rule, _ line: UnsafeBufferPointer<UInt8>) -> Bool {
    rule.labels.allSatisfy { wanted in
      parser.label(wanted.name, in: line).map { SampleParser.value(of: $0, in: line, equals: wanted.value) } ?? false
    }
  }

  /// Takes a whole number from a label; others, such as `None`, count as missing.
  private mutating func addLabel(
    _ name: [UInt8]?, of line: UnsafeBufferPointer<UInt8>, to output: Int, timestamp: Double
  ) {
    guard let name, let label = parser.label(name, in: line),
      let number = NumberParser.integer(UnsafeBufferPointer(rebasing: line[label.value]))
    else { return }
    accumulators[output].add(Double(number), timestamp: timestamp)
  }

  // MARK: Result

  /// Writes what was found into `reading`, whose storage is reused.
  mutating func finish(into reading: inout ModelServerReading) {
    let isCombined = plan.seriesReading == .combined
    func number(_ output: Int, _ combined: (SeriesAccumulator) -> Double?) -> Double? {
      Self.finite(isCombined ? combined(accumulators[output]) : accumulators[output].latest)
    }
    func whole(_ output: Int, _ combined: (SeriesAccumulator) -> Double?) -> Double? {
      number(output, combined)?.rounded(.towardZero)
    }
    reading.waitingQueueSize = whole(ScanPlan.Output.waiting) { $0.total }
    reading.runningRequests = whole(ScanPlan.Output.running) { $0.total }
    reading.kvCacheUsage = number(ScanPlan.Output.kvUsage) { $0.mean }
    reading.cacheBlockSize = whole(ScanPlan.Output.blockSize) { $0.first }
    reading.cacheBlockCount = whole(ScanPlan.Output.blockCount) { $0.total }
    reading.adapters = adapters.finish()
    reading.maxActiveModels = reading.adapters.map { Double($0.maximum) }
    var found: ModelServerFields = []
    if reading.waitingQueueSize != nil { found.insert(.waitingQueueSize) }
    if reading.runningRequests != nil { found.insert(.runningRequests) }
    if reading.kvCacheUsage != nil { found.insert(.kvCacheUsage) }
    if reading.cacheBlockSize != nil { found.insert(.cacheBlockSize) }
    if reading.cacheBlockCount != nil { found.insert(.cacheBlockCount) }
    reading.custom.removeAll(keepingCapacity: true)
    for index in 0..<plan.customCount {
      // What a custom metric means is not known, so that its series are never combined.
      let value = Self.finite(accumulators[ScanPlan.Output.custom + index].latest)
      if value != nil { found.insert(.custom(index)) }
      reading.custom.append(value ?? .nan)
    }
    reading.startTime = Self.finite(accumulators[plan.startTimeOutput].latest)
    reading.work = Self.finite(accumulators[plan.workOutput].total)
    reading.missing = plan.expected.subtracting(found)
    reading.brokenLines = brokenLines
  }

  private static func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
}
