/// Writes families in one of the text formats. Output grows in place; nothing is written twice.
public struct MetricsWriter {
  private let format: ExpositionFormat
  private var bytes: [UInt8] = []
  private var name: [UInt8] = []

  init(format: ExpositionFormat) {
    self.format = format
    bytes.reserveCapacity(1 << 16)
  }

  // MARK: For collectors

  /// Starts a family of single values; ``sample(_:labels:)`` then adds its series.
  ///
  /// - Parameter kind: a counter or a gauge.
  public mutating func family(_ name: String, kind: MetricKind, help: String) {
    writeHeader(name: name, kind: kind, help: help)
    self.name = sampleName(name, kind: kind)
  }

  /// Adds a series to the family started last.
  public mutating func sample(_ value: Double, labels: [(name: String, value: String)] = []) {
    var text: [UInt8] = []
    for label in labels { LabelText.append(name: label.name, value: label.value, to: &text) }
    writeSample(name, labels: text[...], value: value)
  }

  // MARK: For the registry

  mutating func write(_ family: MetricFamily, shards: Int) {
    let series = family.series
    guard !series.isEmpty else { return }
    switch family.kind {
    case .counter:
      writeHeader(name: family.name, kind: family.kind, help: family.help)
      let name = sampleName(family.name, kind: .counter)
      for cell in series {
        startSample(name, labels: cell.labels[...])
        MetricNumber.append(cell.words.integerSum(word: 0, shards: shards), to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
      }
    case .gauge:
      writeHeader(name: family.name, kind: family.kind, help: family.help)
      let name = Array(family.name.utf8)
      for cell in series {
        writeSample(name, labels: cell.labels[...], value: cell.words.doubleSum(word: 0, shards: shards))
      }
    case .histogram:
      writeHistograms(family, series: series, shards: shards)
    }
  }

  /// The finished text.
  mutating func finish() -> [UInt8] {
    if format == .openMetrics { bytes += "# EOF\n".utf8 }
    return bytes
  }

  /// Labelled histograms that hold nothing yet are left out: to clients of the reference they don't exist, and each
  /// would cost some forty lines.
  private mutating func writeHistograms(_ family: MetricFamily, series: [MetricFamily.Series], shards: Int) {
    let bucketName = Array("\(family.name)_bucket".utf8)
    let sumName = Array("\(family.name)_sum".utf8)
    let countName = Array("\(family.name)_count".utf8)
    var limits = family.bounds.map { bound in
      var text = Array("le=\"".utf8)
      MetricNumber.append(bound, alwaysFractional: format == .openMetrics, to: &text)
      text.append(UInt8(ascii: "\""))
      return text
    }
    limits.append(Array("le=\"+Inf\"".utf8))
    var counts = [UInt64](repeating: 0, count: limits.count)
    var hasHeader = false
    for cell in series {
      let separator = cell.labels.isEmpty ? [] : [UInt8(ascii: ",")]
      for index in counts.indices { counts[index] = cell.words.integerSum(word: index, shards: shards) }
      if !cell.labels.isEmpty, counts.allSatisfy({ $0 == 0 }) { continue }
      if !hasHeader { writeHeader(name: family.name, kind: family.kind, help: family.help) }
      hasHeader = true
      var count: UInt64 = 0
      for (limit, ownCount) in zip(limits, counts) {
        count &+= ownCount
        bytes += bucketName
        bytes.append(UInt8(ascii: "{"))
        bytes += cell.labels
        bytes += separator
        bytes += limit
        bytes += "} ".utf8
        MetricNumber.append(count, to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
      }
      writeSample(
        sumName, labels: cell.labels[...], value: cell.words.doubleSum(word: limits.count, shards: shards))
      // The count is what the buckets add up to, so that the two agree although others go on recording.
      startSample(countName, labels: cell.labels[...])
      MetricNumber.append(count, to: &bytes)
      bytes.append(UInt8(ascii: "\n"))
    }
  }

  private mutating func writeHeader(name: String, kind: MetricKind, help: String) {
    let family = familyName(name, kind: kind)
    bytes += "# HELP \(family) ".utf8
    LabelText.appendEscaped(help, quotes: format == .openMetrics, to: &bytes)
    bytes += "\n# TYPE \(family) \(kind.rawValue)\n".utf8
  }

  /// OpenMetrics names a counter's family without the `_total` that its samples carry.
  private func familyName(_ name: String, kind: MetricKind) -> String {
    guard format == .openMetrics, kind == .counter, name.hasSuffix("_total") else { return name }
    return String(name.dropLast("_total".count))
  }

  private func sampleName(_ name: String, kind: MetricKind) -> [UInt8] {
    let needsSuffix = format == .openMetrics && kind == .counter && !name.hasSuffix("_total")
    return Array((needsSuffix ? name + "_total" : name).utf8)
  }

  private mutating func startSample(_ name: [UInt8], labels: ArraySlice<UInt8>) {
    bytes += name
    if !labels.isEmpty {
      bytes.append(UInt8(ascii: "{"))
      bytes += labels
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(UInt8(ascii: " "))
  }

  private mutating func writeSample(_ name: [UInt8], labels: ArraySlice<UInt8>, value: Double) {
    startSample(name, labels: labels)
    MetricNumber.append(value, alwaysFractional: format == .openMetrics, to: &bytes)
    bytes.append(UInt8(ascii: "\n"))
  }
}
