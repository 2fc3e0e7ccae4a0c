/// What to look for on the pages of one engine, compiled for scanning. Immutable and shared by all endpoints that run
/// the engine.
package final class ScanPlan: Sendable {
  /// What a series is read for.
  enum Purpose: Sendable {
    /// The value goes to the accumulator at this index.
    case value(Int)
    /// The labels tell the LoRA adapters.
    case adapters
    /// These labels tell the geometry of the KV cache.
    case cacheLabels(size: [UInt8]?, count: [UInt8]?)
  }

  /// One spec.
  struct Rule: Sendable {
    let labels: [(name: [UInt8], value: [UInt8])]
    let purpose: Purpose
  }

  /// A metric name and the rules that read its series.
  struct Family: Sendable {
    let name: [UInt8]
    var rules: [Rule]
  }

  /// Indexes of accumulators; the bits of ``ModelServerFields``.
  enum Output {
    static let waiting = 0
    static let running = 1
    static let kvUsage = 2
    static let blockSize = 3
    static let blockCount = 4
    static let custom = ModelServerFields.customBase
  }

  /// Accumulators behind those of the custom metrics.
  var startTimeOutput: Int { Output.custom + customCount }
  var workOutput: Int { Output.custom + customCount + 1 }
  var outputCount: Int { Output.custom + customCount + 2 }

  let families: [Family]
  /// Of the names of the families, then of those of OpenMetrics.
  let filter: LineFilter
  /// Names of counters in the TYPE comments of OpenMetrics, where they lack the `_total` of their series.
  let openMetricsNames: [(name: [UInt8], family: Int)]
  let seriesReading: SeriesReading
  let customCount: Int
  /// Fields that a complete page tells.
  let expected: ModelServerFields
  private let specTexts: [(field: ModelServerFields, text: String)]

  package init(engine: EngineMetrics, customMetrics: [MetricSpec] = [], seriesReading: SeriesReading = .combined) {
    var families: [Family] = []
    var expected: ModelServerFields = []
    var specTexts: [(field: ModelServerFields, text: String)] = []

    func add(_ spec: MetricSpec?, _ purpose: Purpose, _ fields: ModelServerFields) {
      guard let spec else { return }
      let rule = Rule(labels: spec.labels.map { (Array($0.name.utf8), Array($0.value.utf8)) }, purpose: purpose)
      let name = Array(spec.name.utf8)
      if let index = families.firstIndex(where: { $0.name == name }) {
        families[index].rules.append(rule)
      } else {
        families.append(Family(name: name, rules: [rule]))
      }
      if !fields.isEmpty {
        expected.formUnion(fields)
        specTexts.append((fields, spec.description))
      }
    }

    add(engine.waiting, .value(Output.waiting), .waitingQueueSize)
    add(engine.running, .value(Output.running), .runningRequests)
    add(engine.kvUsage, .value(Output.kvUsage), .kvCacheUsage)
    add(engine.cacheBlockSize, .value(Output.blockSize), .cacheBlockSize)
    add(engine.cacheBlockCount, .value(Output.blockCount), .cacheBlockCount)
    let sizeLabel = engine.cacheBlockSize == nil ? engine.cacheBlockSizeLabel : ""
    let countLabel = engine.cacheBlockCount == nil ? engine.cacheBlockCountLabel : ""
    var labelFields: ModelServerFields = []
    if !sizeLabel.isEmpty { labelFields.insert(.cacheBlockSize) }
    if !countLabel.isEmpty { labelFields.insert(.cacheBlockCount) }
    if !labelFields.isEmpty {
      add(
        engine.cacheInfo,
        .cacheLabels(
          size: sizeLabel.isEmpty ? nil : Array(sizeLabel.utf8),
          count: countLabel.isEmpty ? nil : Array(countLabel.utf8)),
        labelFields)
    }
    add(engine.lora, .adapters, [])
    for (index, spec) in customMetrics.enumerated() { add(spec, .value(Output.custom + index), .custom(index)) }

    add(engine.startTime, .value(Output.custom + customMetrics.count), [])
    add(engine.work, .value(Output.custom + customMetrics.count + 1), [])

    self.families = families
    let suffix = Array("_total".utf8)
    self.openMetricsNames = families.enumerated().compactMap { index, family in
      family.name.suffix(suffix.count) == suffix[...] ? (Array(family.name.dropLast(suffix.count)), index) : nil
    }
    self.filter = LineFilter(names: families.map(\.name) + openMetricsNames.map(\.name))
    self.seriesReading = seriesReading
    self.customCount = customMetrics.count
    self.expected = expected
    self.specTexts = specTexts
  }

  /// The specs behind missing fields, for messages.
  package func describe(_ fields: ModelServerFields) -> String {
    specTexts.filter { !$0.field.isDisjoint(with: fields) }.map(\.text).joined(separator: ", ")
  }
}
