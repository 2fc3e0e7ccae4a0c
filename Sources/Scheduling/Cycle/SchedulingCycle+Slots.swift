import CAccelerate

extension SchedulingCycle {
  /// Brings counts by endpoint slot into the order of the current candidates; slots beyond the counts have 0.
  func gather(_ bySlot: UnsafeBufferPointer<UInt32>, into values: UnsafeMutableBufferPointer<Double>) {
    if hasAllEndpoints, snapshot.isDense, values.count <= bySlot.count {
      guard let source = bySlot.baseAddress, let target = values.baseAddress else { return }
      epp_widen_u32_f64(source, target, values.count)
      return
    }
    for position in values.indices {
      let slot = slot(position)
      values[position] = slot < bySlot.count ? Double(bySlot[slot]) : 0
    }
  }
}
