import Expressions
import PickerConfiguration

/// `expression-filter`: keeps the candidates for which a boolean expression that the configuration gives is true.
struct ExpressionFilter: Filter {
  let expression: SchedulingExpression?
  /// Keep all candidates when the expression is true for none.
  let fallbackOnEmpty: Bool

  func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) {
    guard let expression else { return }
    let values = cycle.takeScratch(keep.count, of: Double.self)
    expression.evaluate(cycle, into: values)
    for position in keep.indices { keep[position] = values[position] != 0 }
    if fallbackOnEmpty, !keep.contains(true) { keep.update(repeating: true) }
  }
}

extension PluginRegistration {
  static let expressionFilter = PluginRegistration(type: "expression-filter") { context in
    let expression = context.expression(type: .boolean)
    return ExpressionFilter(
      expression: expression, fallbackOnEmpty: context.parameters.bool("fallbackOnEmpty", default: false))
  }
}
