import Logging
import NIOPosix
import RequestTracing
import Testing

private func span(_ number: UInt64) -> FinishedSpan {
  FinishedSpan(
    name: "s", context: TraceContext(traceHigh: 1, traceLow: 2, spanID: number + 1, isSampled: true), parentSpanID: 0,
    kind: .server, start: 1, end: 2)
}

@Suite("Exporting spans")
struct SpanExporterTests {
  @Test("A full queue drops what is new and counts it")
  func bounded() {
    let queue = SpanQueue(capacity: 3)
    for number in 0..<5 { queue.add([span(UInt64(number))]) }
    #expect(queue.counts.dropped == 2)
  }

  @Test("A collector that is down costs nothing but the spans, and the exporter ends when it is asked to")
  func down() async {
    var settings = TracingSettings()
    settings.collector.host = "127.0.0.1"
    // Nobody listens on the discard port here.
    settings.collector.port = 9
    settings.delay = 0.01
    let queue = SpanQueue(capacity: 100)
    queue.add((0..<10).map(span))
    let exporter = SpanExporter(
      queue: queue, settings: settings, group: MultiThreadedEventLoopGroup.singleton,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let task = Task { await exporter.run() }
    queue.add((0..<200).map { span($0) })
    task.cancel()
    await task.value
    let counts = queue.counts
    #expect(counts.exported == 0)
    #expect(counts.dropped >= 100)
    #expect(counts.dropped + counts.failed == 210)
  }
}
