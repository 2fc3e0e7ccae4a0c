import Expressions

/// Names and values for tests: `a` and `b` differ by element, `x` and `y` do not, `flag` is a boolean, `name` a text;
/// `label("zone")` is a text that differs by element, `header("h")` one that does not.
struct Sample: ExpressionNames, ExpressionColumns {
  var a: [Double] = [1, 2, 3, .nan]
  var b: [Double] = [4, 0, -6, 8]
  var x = 2.0
  var y = 0.5
  var flag = true
  var name = "llama"
  var zones = ["east", "west", "", "east"]
  var header = "west"

  var count: Int { a.count }

  func variable(_ name: String) -> ExpressionInput? {
    switch name {
    case "a": ExpressionInput(id: 0, type: .number, variesByElement: true)
    case "b": ExpressionInput(id: 1, type: .number, variesByElement: true)
    case "x": ExpressionInput(id: 2, type: .number)
    case "usage.y": ExpressionInput(id: 3, type: .number)
    case "flag": ExpressionInput(id: 4, type: .boolean)
    case "name": ExpressionInput(id: 5, type: .text)
    default: nil
    }
  }

  func call(_ function: String, argument: String) -> ExpressionInput? {
    switch function {
    case "label": ExpressionInput(id: 6, type: .text, variesByElement: true)
    case "header": ExpressionInput(id: 7, type: .text)
    default: nil
    }
  }

  func number(of text: ExpressionInput) -> ExpressionInput? {
    text.id == 7 ? ExpressionInput(id: 8, type: .number) : nil
  }

  func number(_ id: Int) -> Double {
    switch id {
    case 2: x
    case 3: y
    case 4: flag ? 1 : 0
    case 8: Double(header) ?? .nan
    default: .nan
    }
  }

  func text(_ id: Int) -> UnsafeRawBufferPointer { Self.leaked(id == 5 ? name : header) }

  func numbers(_ id: Int) -> UnsafePointer<Double> {
    let values = UnsafeMutableBufferPointer<Double>.allocate(capacity: max(count, 1))
    _ = values.initialize(from: id == 0 ? a : b)
    return UnsafePointer(values.baseAddress ?? UnsafeMutablePointer<Double>.allocate(capacity: 1))
  }

  func compare(_ id: Int, to text: UnsafeRawBufferPointer, into result: UnsafeMutablePointer<Double>) {
    for (position, zone) in zones.enumerated() { result[position] = zone.utf8.elementsEqual(text) ? 1 : 0 }
  }

  /// Tests are short; the bytes may stay.
  private static func leaked(_ text: String) -> UnsafeRawBufferPointer {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
    copy.copyBytes(from: text.utf8)
    return UnsafeRawBufferPointer(copy)
  }

  /// The value of an expression for each element.
  func values(_ source: String) throws -> [Double] { evaluate(try Expression(source, names: self)) }

  /// The value of an expression for each element.
  func evaluate(_ expression: Expression) -> [Double] {
    let scratch = UnsafeMutablePointer<Double>.allocate(capacity: expression.scratchCount(elements: count) + 1)
    defer { scratch.deallocate() }
    var result = [Double](repeating: -1, count: count)
    result.withUnsafeMutableBufferPointer { result in
      guard let base = result.baseAddress else { return }
      expression.evaluate(self, count: count, scratch: scratch, into: base)
    }
    return result
  }

  /// The value of an expression that is the same for all elements.
  func value(_ source: String) throws -> Double { try Expression(source, names: self).evaluate(self) }
}
