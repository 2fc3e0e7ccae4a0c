/// A measured value and how far values of parts of the run lie from it.
package struct Figure: Sendable, Hashable, Codable {
  /// The value of the whole run.
  package var value: Double
  /// Three times the median distance of the values of parts from ``value``, in the same unit: for values that vary by
  /// chance about two standard deviations, and not thrown off by one part during which the machine was busy elsewhere.
  /// Another run of the same kind on the same machine is expected to come out within the sum of both runs' noise.
  package var noise: Double

  package init(_ value: Double, parts: [Double]) {
    self.value = value
    let distances = parts.map { abs($0 - value) }.sorted()
    noise = distances.isEmpty ? 0 : 3 * (distances[(distances.count - 1) / 2] + distances[distances.count / 2]) / 2
  }

  /// Whether two runs agree.
  package func agrees(with other: Figure) -> Bool { abs(value - other.value) <= noise + other.noise }
}
