/// The lowest and the highest of many numbers. Four chains of comparisons run side by side, since one alone waits for
/// each of its steps.
enum Extremes {
  /// Numbers that are not are passed over.
  /// - Parameters:
  ///   - low: the lowest so far.
  ///   - high: the highest so far.
  @inline(__always)
  static func of(
    _ values: UnsafeBufferPointer<Double>, low: Double = .infinity, high: Double = -.infinity
  ) -> (low: Double, high: Double) {
    var lows = SIMD4(repeating: low)
    var highs = SIMD4(repeating: high)
    var position = 0
    if let base = values.baseAddress {
      let raw = UnsafeRawPointer(base)
      while position + 4 <= values.count {
        let four = raw.loadUnaligned(
          fromByteOffset: position * MemoryLayout<Double>.stride, as: SIMD4<Double>.self)
        lows.replace(with: four, where: four .< lows)
        highs.replace(with: four, where: four .> highs)
        position += 4
      }
    }
    var low = lows[0]
    var high = highs[0]
    for lane in 1..<4 {
      low = lows[lane] < low ? lows[lane] : low
      high = highs[lane] > high ? highs[lane] : high
    }
    while position < values.count {
      let value = values[position]
      low = value < low ? value : low
      high = value > high ? value : high
      position += 1
    }
    return (low, high)
  }
}
