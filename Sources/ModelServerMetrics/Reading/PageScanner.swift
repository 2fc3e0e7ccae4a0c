/// Reads one metrics page after the other, each in pieces cut anywhere, and keeps only what the plan asks for.
///
/// Holds the buffers that a page needs, so that pages after the first allocate nothing unless LoRA adapters change.
/// For one thread at a time.
package struct PageScanner: ~Copyable {
  private let plan: ScanPlan
  private var splitter = LineSplitter()
  private var page: PageReader
  private var result = ModelServerReading()

  package init(plan: ScanPlan) {
    self.plan = plan
    self.page = PageReader(plan: plan)
  }

  /// Forgets an unfinished page.
  package mutating func reset() {
    splitter.reset()
    page.reset()
  }

  /// Takes the next bytes of the page.
  package mutating func feed(_ piece: UnsafeRawBufferPointer) {
    splitter.feed(piece.bindMemory(to: UInt8.self), filter: plan.filter, into: &page)
  }

  /// The page is complete. The scanner is ready for the next one.
  package mutating func finish() -> ModelServerReading {
    splitter.finish(filter: plan.filter, into: &page)
    page.finish(into: &result)
    page.reset()
    return result
  }
}
