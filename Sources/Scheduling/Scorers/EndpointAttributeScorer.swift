import Endpoints
import PickerConfiguration

/// `endpoint-attribute-scorer`: prefers candidates with a low, or a high, value of an attribute.
///
/// Values are scaled to 0…1 over a fixed range or over the range of the candidates; equal values all score 1 in the
/// latter. A candidate without the attribute scores 0.
public struct EndpointAttributeScorer: Scorer {
  /// Which end of the range is better.
  public enum Direction: String, Sendable, Hashable, CaseIterable {
    case lowerIsBetter = "linear_lower_is_better"
    case higherIsBetter = "linear_higher_is_better"
  }

  let column: ColumnID
  let direction: Direction
  let fixedRange: ClosedRange<Double>?

  /// Creates a scorer of a column of the endpoint table.
  /// - Parameter fixedRange: nil for the range of the candidates' values.
  public init(column: ColumnID, _ direction: Direction, fixedRange: ClosedRange<Double>? = nil) {
    self.column = column
    self.direction = direction
    self.fixedRange = fixedRange
  }

  /// Scores by the attribute.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    let values = cycle.values(column)
    var low = Double.infinity
    var high = -Double.infinity
    if let fixedRange {
      low = fixedRange.lowerBound
      high = fixedRange.upperBound
    } else {
      for value in values {
        low = value < low ? value : low
        high = value > high ? value : high
      }
    }
    let range = high - low
    for position in scores.indices where !values[position].isNaN {
      guard range > 0 else {
        scores[position] = 1
        continue
      }
      let part = min(1, max(0, (values[position] - low) / range))
      scores[position] = direction == .higherIsBetter ? part : 1 - part
    }
  }
}

extension PluginRegistration {
  static let endpointAttributeScorer = PluginRegistration(type: "endpoint-attribute-scorer", stability: .alpha) {
    context in
    let decoder = context.parameters
    let column = context.attributeColumn("attributeKey")
    var direction = EndpointAttributeScorer.Direction.lowerIsBetter
    var fixedRange: ClosedRange<Double>?
    if let algorithm = decoder.child("algorithm") {
      if let choice = algorithm.enumeration("type", of: EndpointAttributeScorer.Direction.self) {
        direction = choice
      } else if !algorithm.isSet("type") {
        algorithm.reject("type", "required, but not set")
      }
      fixedRange = algorithm.child("normalization")?.normalizationRange()
    } else {
      decoder.reject("algorithm", "required, but not set")
    }
    return EndpointAttributeScorer(column: column ?? .updatedAt, direction, fixedRange: fixedRange)
  }
}

extension ParameterDecoder {
  fileprivate func normalizationRange() -> ClosedRange<Double>? {
    let adaptive = child("adaptiveRange")
    guard let fixed = child("fixedRange") else { return nil }
    if adaptive != nil { reject("adaptiveRange", "must not be set together with fixedRange") }
    let low = fixed.requiredDouble("min")
    let high = fixed.requiredDouble("max")
    guard low < high else {
      if fixed.isSet("min"), fixed.isSet("max") { fixed.reject("max", "must be above min") }
      return nil
    }
    return low...high
  }
}
