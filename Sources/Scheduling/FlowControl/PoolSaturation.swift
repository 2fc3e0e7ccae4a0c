import Endpoints

/// Asks a saturation detector about the whole pool, whatever request is at hand (flow control, dispatch cycle).
///
/// Where endpoints say that they serve stages of inference, the stage that is more loaded counts. Belongs to whoever
/// owns it; not thread-safe.
public struct PoolSaturation {
  /// How loaded a pool is; 1 and above for saturated.
  public struct Reading: Sendable, Hashable {
    /// What counts: the greater of the stages.
    public var effective = 0.0
    /// Of the endpoints that process prompts; nil unless some say so.
    public var prefill: Double?
    /// Of the endpoints that answer; nil unless some endpoints say what they serve.
    public var decode: Double?
  }

  private let detector: any SaturationDetector
  private let cycle: SchedulingCycle
  private var version: UInt64?
  private var prefill: [Int] = []
  private var decode: [Int] = []
  private var hasStages = false
  /// Where an idle endpoint was found last.
  private var firstPart = 0
  /// Endpoints of a part.
  private static let partSize = 64

  /// Asks this detector about these endpoints.
  /// - Parameter countsPendingRequests: whether requests placed since the last scrape count as load.
  public init(_ detector: any SaturationDetector, endpoints: EndpointTable, countsPendingRequests: Bool = true) {
    self.detector = detector
    cycle = SchedulingCycle(table: endpoints, seed: 0, countsPendingRequests: countsPendingRequests)
  }

  /// Endpoints of the pool when it was asked last.
  public var endpointCount: Int { cycle.snapshot.endpoints.count }

  /// Asks the detector.
  /// - Parameter now: monotonic time, in seconds.
  public mutating func read(now: Double) -> Reading {
    cycle.begin(SchedulingRequest(), now: now)
    if version != cycle.snapshot.version { findStages() }
    guard hasStages else {
      return Reading(effective: detector.isLeastOfParts ? leastOfParts(now) : detector.saturation(cycle))
    }
    var reading = Reading()
    if !decode.isEmpty {
      cycle.restrict(to: decode)
      reading.decode = detector.saturation(cycle)
    }
    if !prefill.isEmpty {
      cycle.begin(SchedulingRequest(), now: now)
      cycle.restrict(to: prefill)
      reading.prefill = detector.saturation(cycle)
    }
    reading.effective = max(reading.decode ?? 0, reading.prefill ?? 0)
    return reading
  }

  /// Part by part until one is idle, beginning with the one that was idle last: in a pool with room to spare that is
  /// one part, whatever the size of the pool.
  private mutating func leastOfParts(_ now: Double) -> Double {
    let count = cycle.snapshot.endpoints.count
    let parts = (count + Self.partSize - 1) / Self.partSize
    guard parts > 1 else { return detector.saturation(cycle) }
    var least = Double.infinity
    for step in 0..<parts {
      let part = (firstPart + step) % parts
      if step > 0 { cycle.begin(SchedulingRequest(), now: now) }
      cycle.restrict(to: part * Self.partSize..<min((part + 1) * Self.partSize, count))
      least = min(least, detector.saturation(cycle))
      if least <= 0 {
        firstPart = part
        break
      }
    }
    return least
  }

  private mutating func findStages() {
    version = cycle.snapshot.version
    prefill.removeAll()
    decode.removeAll()
    for (index, endpoint) in cycle.snapshot.endpoints.enumerated() {
      let role = endpoint.labels[ServerRole.label]
      if role.map(ServerRole.decode.contains) ?? true { decode.append(index) }
      if let role, ServerRole.prefill.contains(role) { prefill.append(index) }
    }
    // With everything in one stage, and with nothing in any, the whole pool counts.
    let count = cycle.snapshot.endpoints.count
    hasStages = !(prefill.isEmpty && (decode.isEmpty || decode.count == count))
  }
}
