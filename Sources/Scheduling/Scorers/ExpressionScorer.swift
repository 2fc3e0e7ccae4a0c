import Expressions
import PickerConfiguration

/// `expression-scorer`: scores candidates by an arithmetic expression that the configuration gives.
///
/// A boolean counts 0 or 1, other values are clamped to 0…1 like those of every scorer, and a missing value (NaN)
/// counts as 0. The expression is compiled when the configuration is loaded.
struct ExpressionScorer: Scorer {
  let expression: SchedulingExpression?

  func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    expression?.evaluate(cycle, into: scores)
  }
}

extension PluginRegistration {
  static let expressionScorer = PluginRegistration(type: "expression-scorer") { context in
    ExpressionScorer(expression: context.expression(type: nil))
  }
}
