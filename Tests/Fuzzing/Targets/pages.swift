import Endpoints
import ModelServerMetrics

/// However a metrics page is cut, it says the same, also after a page that broke off; and what it says can be stored.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  var input = Input(start, count)
  let plan = input.choose(plans)
  let seed = input.byte()
  let page = input.rest

  var scanner = PageScanner(plan: plan)
  scanner.feed(page)
  let whole = scanner.finish()
  scanner.feed(UnsafeRawBufferPointer(rebasing: page[..<(page.count / 2)]))
  scanner.reset()
  for piece in Pieces(of: page, seed: seed) { scanner.feed(piece) }
  let cut = scanner.finish()
  precondition(Values(whole) == Values(cut), "cutting changes what a page says")
  precondition(Values(whole).numbers.allSatisfy { $0?.isFinite ?? true }, "a number that is none")
  precondition(whole.brokenLines >= 0 && whole.custom.count == 2)
  return 0
}

private let plans: [ScanPlan] = {
  let custom = ["queue_age{kind=\"a\\\"b\"}", "jobs_total"].compactMap { try? MetricSpec($0) }
  precondition(custom.count == 2)
  return [SeriesReading.combined, .firstSeries].flatMap { reading in
    EngineMetrics.builtIn.map { ScanPlan(engine: $0, customMetrics: custom, seriesReading: reading) }
  }
}()

private struct Values: Equatable {
  var numbers: [Double?]
  var active: Set<String>?
  var waiting: Set<String>?
  var missing: ModelServerFields
  var brokenLines: Int

  init(_ reading: ModelServerReading) {
    numbers =
      [
        reading.waitingQueueSize, reading.runningRequests, reading.kvCacheUsage, reading.cacheBlockSize,
        reading.cacheBlockCount, reading.maxActiveModels, reading.startTime, reading.work,
      ] + reading.custom.map { $0.isNaN ? nil : $0 }
    active = reading.adapters?.active
    waiting = reading.adapters?.waiting
    missing = reading.missing
    brokenLines = reading.brokenLines
  }
}
