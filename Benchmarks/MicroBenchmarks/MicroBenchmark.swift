/// One small piece of work that is done over and over. What it needs is made before it is measured.
struct MicroBenchmark {
  let name: String
  /// Prepares everything and returns the work.
  let prepare: () throws -> (() throws -> Void)

  init(_ name: String, _ prepare: @escaping () throws -> (() throws -> Void)) {
    self.name = name
    self.prepare = prepare
  }
}

/// Keeps the optimiser from leaving out work whose result nobody looks at.
@inline(never)
func consume<Value>(_ value: borrowing Value) {}
