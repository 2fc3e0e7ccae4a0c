import Histogram

/// What one connection measures. For one thread; merged when the run is over.
///
/// The time of a run is cut into windows, so that the run itself tells how much its figures vary.
struct Recorder {
  /// A part of the run.
  struct Window {
    /// Times from the intended start of streams that were to begin in the window, in nanoseconds.
    var decisions = Recorder.makeHistogram()
    var streams = Recorder.makeHistogram()
    /// Streams that ended well in the window, whenever they began.
    var completed = 0

    mutating func add(_ other: Window) {
      decisions.add(other.decisions)
      streams.add(other.streams)
      completed += other.completed
    }
  }

  /// Parts of a run.
  static let windowCount = 10
  /// Longer times count as this, in nanoseconds.
  private static let longest: UInt64 = 1_000_000_000_000

  private(set) var windows = (0..<windowCount).map { _ in Window() }
  private(set) var faults: [Fault: Int] = [:]
  private(set) var failures: [FailureKind: Int] = [:]
  /// Immediate answers by HTTP status.
  private(set) var rejections: [Int: Int] = [:]
  /// Clock times between which streams are measured.
  private let start: UInt64
  private let end: UInt64

  init(start: UInt64, end: UInt64) {
    self.start = start
    self.end = end
  }

  static func makeHistogram() -> Histogram<UInt32> {
    Histogram(lowestDiscernibleValue: 64, highestTrackableValue: longest, numberOfSignificantValueDigits: .three)
  }

  /// The window a time lies in; nil outside the run.
  private func window(_ time: UInt64) -> Int? {
    guard time >= start, time < end else { return nil }
    return Int((time - start) * UInt64(Self.windowCount) / (end - start))
  }

  /// The destination of a stream that was to begin at `intended` is known.
  mutating func decided(intended: UInt64, now: UInt64) {
    guard let window = window(intended) else { return }
    windows[window].decisions.record(min(now - intended, Self.longest))
  }

  /// Everything a stream asked was answered well.
  mutating func completed(intended: UInt64, now: UInt64) {
    if let window = window(now) { windows[window].completed += 1 }
    guard let window = window(intended) else { return }
    windows[window].streams.record(min(now - intended, Self.longest))
  }

  /// A stream will not be answered any more: it took at least until now.
  mutating func failed(_ kind: FailureKind, intended: UInt64, now: UInt64) {
    guard let window = window(intended) else { return }
    failures[kind, default: 0] += 1
    windows[window].streams.record(min(now - intended, Self.longest))
  }

  mutating func rejected(_ status: Int, intended: UInt64) {
    guard window(intended) != nil else { return }
    rejections[status, default: 0] += 1
  }

  /// Answers that are wrong count whenever they come, also while the picker warms up.
  mutating func wrong(_ fault: Fault) { faults[fault, default: 0] += 1 }

  mutating func add(_ other: Recorder) {
    for index in windows.indices { windows[index].add(other.windows[index]) }
    faults.merge(other.faults, uniquingKeysWith: +)
    failures.merge(other.failures, uniquingKeysWith: +)
    rejections.merge(other.rejections, uniquingKeysWith: +)
  }
}
