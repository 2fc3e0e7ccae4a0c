import PickerConfiguration

/// Random numbers of a picker that follow from a seed: the same sequence of requests on an event loop is then picked for
/// in the same way again.
public struct SeededRandom: Sendable {
  fileprivate final class Generator {
    var random: RandomSource

    init(seed: UInt64) { random = RandomSource(seed: seed) }
  }

  fileprivate let seed: UInt64
  fileprivate let workspace: WorkspaceID

  /// Each event loop begins with the seed.
  public init(seed: UInt64, attributes: AttributeSpace) {
    self.seed = seed
    self.workspace = attributes.makeWorkspace()
  }
}

extension SchedulingCycle {
  /// Draws from the picker's own random numbers, or from the event loop's.
  func withRandom<Result>(_ seeded: SeededRandom?, _ body: (inout RandomSource) -> Result) -> Result {
    guard let seeded else { return body(&random) }
    return body(&workspace(seeded.workspace) { SeededRandom.Generator(seed: seeded.seed) }.random)
  }
}

extension PluginContext {
  /// `seed`, which all pickers take: makes their draws reproducible.
  func seededRandom() -> SeededRandom? {
    parameters.int("seed").map { SeededRandom(seed: UInt64(bitPattern: Int64($0)), attributes: attributes) }
  }
}
