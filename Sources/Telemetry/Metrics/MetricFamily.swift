import Synchronization

/// What a family's values mean.
public enum MetricKind: String, Sendable {
  /// Only grows.
  case counter
  /// Goes up and down.
  case gauge
  /// Counts of values by size.
  case histogram
}

/// All series of one name. Series are created when they are first asked for and stay until they are taken out.
final class MetricFamily: Sendable {
  /// One label combination.
  struct Series: Sendable {
    /// The labels as exposed, without braces: `a="x",b="y"`; empty without labels.
    let labels: [UInt8]
    let words: CellWords
  }

  private struct State {
    var cells: [[String]: CellWords] = [:]
    var series: [Series] = []
    /// Cells of series that were taken out, for when they come back.
    var removed: [[String]: CellWords] = [:]
  }

  let name: String
  let help: String
  let kind: MetricKind
  let labels: [MetricLabel]
  /// Histogram bounds, ascending; empty for other kinds.
  let bounds: [Double]
  private let storage: MetricStorage
  private let maximumSeries: Int
  private let state = Mutex(State())

  init(
    name: String, help: String, kind: MetricKind, labels: [MetricLabel], bounds: [Double], storage: MetricStorage,
    maximumSeries: Int
  ) {
    self.name = name
    self.help = help
    self.kind = kind
    self.labels = labels
    self.bounds = bounds
    self.storage = storage
    self.maximumSeries = maximumSeries
  }

  /// Words of one cell: one value, or one for each bucket, the last bucket and the sum.
  private var wordsPerCell: Int { kind == .histogram ? bounds.count + 2 : 1 }

  /// The words of a label combination. Missing values count as empty, surplus ones are ignored.
  func words(_ values: [String]) -> CellWords {
    var admitted = values.prefix(labels.count).enumerated().map { index, value in
      labels[index].bound?.admit(value) ?? value
    }
    while admitted.count < labels.count { admitted.append("") }
    return state.withLock { state in
      if let cell = state.cells[admitted] { return cell }
      if state.series.count >= maximumSeries {
        // The bounded labels multiply; past the limit all of them together become "other", and past that everything.
        let bounded = labels.indices.map { labels[$0].bound == nil ? admitted[$0] : LabelBound.overflow }
        if let cell = state.cells[bounded] { return cell }
        let room = state.series.count < 2 * maximumSeries && bounded != admitted
        admitted = room ? bounded : labels.map { _ in LabelBound.overflow }
        if let cell = state.cells[admitted] { return cell }
      }
      let cell = state.removed.removeValue(forKey: admitted) ?? CellWords(base: storage.allocate(words: wordsPerCell))
      state.cells[admitted] = cell
      state.series.append(Series(labels: encoded(admitted), words: cell))
      return cell
    }
  }

  /// Takes a label combination out. Who has its words may go on writing to them; they show again, with what was written
  /// meanwhile, when the combination is asked for once more.
  func remove(_ values: [String]) {
    let labels = encoded(values)
    state.withLock { state in
      guard let cell = state.cells.removeValue(forKey: values) else { return }
      state.removed[values] = cell
      state.series.removeAll { $0.labels == labels }
    }
  }

  private func encoded(_ values: [String]) -> [UInt8] { LabelText.encode(names: labels.map(\.name), values: values) }

  /// The words of all series by their label values.
  var cells: [[String]: CellWords] { state.withLock(\.cells) }

  /// The series that exist, in the order of their creation.
  var series: [Series] { state.withLock(\.series) }
}

/// A family of counters.
public struct CounterFamily: Sendable {
  let family: MetricFamily

  /// The counter of a label combination, created when necessary. Takes a lock and hashes the values: to be called once
  /// and kept, not for every event.
  public func cell(_ values: [String] = []) -> CounterCell {
    CounterCell(words: family.words(values))
  }
}

/// A family of gauges.
public struct GaugeFamily: Sendable {
  let family: MetricFamily

  /// The gauge of a label combination, created when necessary; to be kept by the caller.
  public func cell(_ values: [String] = []) -> GaugeCell {
    GaugeCell(words: family.words(values))
  }

  /// Takes the gauge of a label combination out of the exposition, until ``cell(_:)`` is asked for it again.
  public func remove(_ values: [String]) { family.remove(values) }
}

/// A family of histograms with the same buckets.
public struct HistogramFamily: @unchecked Sendable {
  let family: MetricFamily
  /// A copy of the bounds that is never freed, because cells point to it.
  let bounds: UnsafePointer<Double>

  init(family: MetricFamily) {
    self.family = family
    let copy = UnsafeMutablePointer<Double>.allocate(capacity: max(1, family.bounds.count))
    for (index, bound) in family.bounds.enumerated() { (copy + index).initialize(to: bound) }
    bounds = UnsafePointer(copy)
  }

  /// The histogram of a label combination, created when necessary; to be kept by the caller.
  public func cell(_ values: [String] = []) -> HistogramCell {
    HistogramCell(words: family.words(values), bounds: bounds, boundCount: family.bounds.count)
  }
}
