/// What all connections of a run measured.
struct LoadMeasurement {
  let plan: LoadPlan
  /// What the picker had used at the borders of the windows, first to last.
  let usages: [ProcessUsage]
  private(set) var recorder = Recorder(start: 0, end: 0)
  /// Streams by endpoint.
  private(set) var endpoints: [String: Int] = [:]

  init(plan: LoadPlan, usages: [ProcessUsage]) {
    self.plan = plan
    self.usages = usages
  }

  mutating func add(_ other: Recorder, addresses: [String], streams: [Int]) {
    recorder.add(other)
    for (address, count) in zip(addresses, streams) { endpoints[address, default: 0] += count }
  }

  /// Length of a window in seconds.
  var windowSeconds: Double { Double(plan.duration) / 1e9 / Double(Recorder.windowCount) }
}
