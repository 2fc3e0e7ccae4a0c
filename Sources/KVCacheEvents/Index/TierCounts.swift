/// A number for each tier, 0 or more.
struct TierCounts: Equatable {
  private(set) var gpu: Int32 = 0
  private(set) var cpu: Int32 = 0
  private(set) var other: Int32 = 0

  /// Whether all are 0.
  var isEmpty: Bool { gpu == 0 && cpu == 0 && other == 0 }

  subscript(tier: CacheTier) -> Int32 {
    get {
      switch tier {
      case .gpu: gpu
      case .cpu: cpu
      case .other: other
      }
    }
    set {
      switch tier {
      case .gpu: gpu = max(0, newValue)
      case .cpu: cpu = max(0, newValue)
      case .other: other = max(0, newValue)
      }
    }
  }
}
