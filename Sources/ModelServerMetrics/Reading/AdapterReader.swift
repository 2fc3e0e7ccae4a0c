import Endpoints

/// Collects the LoRA series of a page.
///
/// The value of such a series is the time it was made, so the greatest one is current. The labels are kept as bytes and
/// become a new ``AdapterSet`` only when they differ from those of the page before.
struct AdapterReader {
  private static let runningLabel = Array("running_lora_adapters".utf8)
  private static let waitingLabel = Array("waiting_lora_adapters".utf8)
  private static let maximumLabel = Array("max_lora".utf8)

  /// Label values as they stand on the line.
  private struct Labels: Equatable {
    var running: [UInt8] = []
    var waiting: [UInt8] = []
    var maximum: [UInt8] = []
  }

  private var best: Double?
  private var bestLabels = Labels()
  private var lastLabels = Labels()
  private var last: AdapterSet?

  mutating func reset() { best = nil }

  /// Looks at one series.
  mutating func offer(_ value: Double, _ line: UnsafeBufferPointer<UInt8>, _ parser: SampleParser) {
    let value = value.isNaN ? -.infinity : value
    if let best, value <= best { return }
    best = value
    Self.copy(Self.runningLabel, of: parser, line, into: &bestLabels.running)
    Self.copy(Self.waitingLabel, of: parser, line, into: &bestLabels.waiting)
    Self.copy(Self.maximumLabel, of: parser, line, into: &bestLabels.maximum)
  }

  /// The adapters of the page, or nil if it had none of these series.
  mutating func finish() -> AdapterSet? {
    guard best != nil else { return nil }
    if let last, bestLabels == lastLabels { return last }
    let set = AdapterSet(
      active: Self.names(bestLabels.running), waiting: Self.names(bestLabels.waiting),
      maximum: max(0, bestLabels.maximum.withUnsafeBufferPointer(NumberParser.integer) ?? 0))
    swap(&bestLabels, &lastLabels)
    last = set
    return set
  }

  private static func copy(
    _ name: [UInt8], of parser: SampleParser, _ line: UnsafeBufferPointer<UInt8>, into target: inout [UInt8]
  ) {
    target.removeAll(keepingCapacity: true)
    guard let label = parser.label(name, in: line) else { return }
    SampleParser.forEachByte(of: label, in: line) { target.append($0) }
  }

  /// The names of a comma list, blanks around them trimmed, empty ones left out.
  private static func names(_ list: [UInt8]) -> Set<String> {
    var names: Set<String> = []
    for part in list.split(separator: UInt8(ascii: ",")) {
      var name = part
      while let byte = name.first, Ascii.isBlank(byte) { name.removeFirst() }
      while let byte = name.last, Ascii.isBlank(byte) { name.removeLast() }
      if !name.isEmpty { names.insert(String(decoding: name, as: UTF8.self)) }
    }
    return names
  }
}
