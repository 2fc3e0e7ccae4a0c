import Expressions

/// Any text compiles or is refused; what compiles can be evaluated.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  guard let expression = try? Expression(text, names: Names()) else { return 0 }
  let elements = 5
  let scratch = UnsafeMutablePointer<Double>.allocate(capacity: max(1, expression.scratchCount(elements: elements)))
  let result = UnsafeMutablePointer<Double>.allocate(capacity: elements)
  defer {
    scratch.deallocate()
    result.deallocate()
  }
  let columns = Columns()
  expression.evaluate(columns, count: elements, scratch: scratch, into: result)
  return 0
}

private struct Names: ExpressionNames {
  func variable(_ name: String) -> ExpressionInput? {
    switch name {
    case "n": ExpressionInput(id: 0, type: .number, variesByElement: true)
    case "s": ExpressionInput(id: 1, type: .number)
    default: nil
    }
  }
}

private final class Columns: ExpressionColumns {
  private let storage: UnsafeMutablePointer<Double>

  init() {
    storage = .allocate(capacity: 5)
    for index in 0..<5 { storage[index] = [0, -1, 1e308, .nan, .infinity][index] }
  }
  deinit { storage.deallocate() }

  func number(_ id: Int) -> Double { 7 }
  func text(_ id: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
  func numbers(_ id: Int) -> UnsafePointer<Double> { UnsafePointer(storage) }
  func compare(_ id: Int, to text: UnsafeRawBufferPointer, into result: UnsafeMutablePointer<Double>) {
    for index in 0..<5 { result[index] = 0 }
  }
}
