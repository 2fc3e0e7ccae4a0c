/// Decides which traces are recorded (OpenTelemetry's standard samplers).
public struct TraceSampler: Sendable, Hashable {
  /// What decides when there is no parent, or always.
  public enum Root: Sendable, Hashable {
    /// Every trace.
    case on
    /// No trace.
    case off
    /// This share of all traces, 0…1, told by their ids so that all services choose the same ones.
    case ratio(Double)
  }

  /// What decides.
  public let root: Root
  /// Whether a parent's decision comes first.
  public let followsParent: Bool
  /// Trace ids below this are recorded, after their lowest bit is dropped.
  private let bound: UInt64

  /// A sampler.
  public init(_ root: Root, followsParent: Bool) {
    self.root = root
    self.followsParent = followsParent
    switch root {
    case .on: bound = 1 << 63
    case .off: bound = 0
    case .ratio(let share): bound = UInt64((min(max(share, 0), 1) * 0x1p63).rounded())
    }
  }

  /// Whether to record a trace.
  /// - Parameters:
  ///   - parent: the context that the request came with.
  ///   - traceLow: the lower half of the trace's id.
  @inline(__always)
  public func samples(parent: TraceContext?, traceLow: UInt64) -> Bool {
    if followsParent, let parent { return parent.isSampled }
    return traceLow >> 1 < bound
  }
}
