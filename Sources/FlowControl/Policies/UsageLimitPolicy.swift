/// Sets how much of the pool each priority may use (flow control, usage limit policies).
public protocol UsageLimitPolicy: Sendable {
  /// Sets the saturation from which on a priority has to wait.
  /// - Parameters:
  ///   - saturation: of the pool; 1 and above for saturated.
  ///   - priorities: all that there are, highest first, whether requests wait or not.
  ///   - ceilings: one for each priority, 1 unless changed.
  func limit(saturation: Double, priorities: [Int], ceilings: inout [Double])
}
