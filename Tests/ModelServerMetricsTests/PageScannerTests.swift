import Endpoints
import ModelServerMetrics
import Testing

@Suite("Scanning metrics pages")
struct PageScannerTests {
  @Test("a vLLM page gives all its values")
  func vllm() {
    var page = VLLMPage()
    page.lora = [("old", "", 8, 1_762_001_000), (" sql , chat,", "summary", 4, 1_762_001_412.5)]
    #expect((60_000...90_000).contains(page.bytes.count), "\(page.bytes.count)")
    let reading = scan(page.bytes)
    #expect(reading.waitingQueueSize == 3)
    #expect(reading.runningRequests == 12)
    #expect(reading.kvCacheUsage == 0.437_209_302_325_581_4)
    #expect(reading.cacheBlockSize == 16)
    #expect(reading.cacheBlockCount == 27_000)
    #expect(reading.maxActiveModels == 4)
    #expect(reading.adapters?.active == ["sql", "chat"])
    #expect(reading.adapters?.waiting == ["summary"])
    #expect(reading.missing == [])
    #expect(reading.brokenLines == 0)
  }

  @Test("engines behind one endpoint count together, or by the reference reading only the first")
  func engines() {
    let page = VLLMPage(
      engines: [
        .init(waiting: 1, running: 10, kvUsage: 0.25, blocks: 100),
        .init(waiting: 2, running: 20, kvUsage: 0.75, blocks: 150),
      ], histograms: 1)
    #expect(ReadingValues(scan(page.bytes)).numbers == [3, 30, 0.5, 16, 250, nil])
    let first = ScanPlan(engine: .vllm, seriesReading: .firstSeries)
    #expect(ReadingValues(scan(page.bytes, first)).numbers == [1, 10, 0.25, 16, 100, nil])
  }

  @Test("the reference reading takes the greatest timestamp, of equals the first")
  func timestamps() {
    let page = """
      # TYPE vllm:num_requests_waiting gauge
      vllm:num_requests_waiting{engine="0"} 1
      vllm:num_requests_waiting{engine="1"} 2 1700000000000
      vllm:num_requests_waiting{engine="2"} 3 1700000000001
      vllm:num_requests_waiting{engine="3"} 4 1700000000001
      """
    #expect(scan(page, ScanPlan(engine: .vllm, seriesReading: .firstSeries)).waitingQueueSize == 3)
    #expect(scan(page).waitingQueueSize == 10)
  }

  @Test("where pieces are cut makes no difference", arguments: 1...12 as ClosedRange<UInt64>)
  func pieces(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var page = VLLMPage(histograms: 2)
    page.lora = [("a,b", "c", 4, 2), ("d", "", 4, 1)]
    var lines = page.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let odd = [
      "", " ", "\r", "#", "# TYPE", "# TYPE vllm:num_requests_waiting", "vllm:num_requests_waiting",
      "vllm:num_requests_waiting{", "vllm:num_requests_waiting{a=\"b\"} x", "vllm:num_requests_waiting{a=\"\\",
      "vllm:n",
      "vllm:" + String(repeating: "n", count: 70_000), String(repeating: "é", count: 40_000),
      "vllm:num_requests_running{a=\"" + String(repeating: "x", count: 65_600) + "\"} 7",
      "vllm:num_requests_running{a=\"" + String(repeating: "x", count: 65_400) + "\"} 7",
      "  vllm:num_requests_waiting{e=\"9\"}  2e0  # {} 1\r", "#\tTYPE vllm:num_requests_running  gauge ",
    ]
    for line in odd { lines.insert(line, at: Int.random(in: 0...lines.count, using: &random)) }
    let bytes = Array(lines.joined(separator: "\n").utf8)
    let whole = ReadingValues(scan(bytes))
    #expect(whole.brokenLines > 0)
    for longest in [1, 3, 60, 700, 20_000] {
      let pieces = (0..<bytes.count / longest * 2 + 1).map { _ in Int.random(in: 1...longest, using: &random) }
      #expect(ReadingValues(scan(bytes, pieces: pieces)) == whole, "pieces of up to \(longest) bytes")
    }
  }

  @Test("random bytes do no harm", arguments: 1...20 as ClosedRange<UInt64>)
  func noise(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var bytes = Array(VLLMPage(histograms: 1).text.utf8)
    for _ in 0..<bytes.count / 8 {
      bytes[Int.random(in: 0..<bytes.count, using: &random)] =
        [UInt8]("{}\"=,\\# .-+eE0".utf8).randomElement(using: &random) ?? 0
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
    }
    let pieces = (0..<200).map { _ in Int.random(in: 1...100, using: &random) }
    #expect(ReadingValues(scan(bytes, pieces: pieces)) == ReadingValues(scan(bytes)))
  }

  @Test(
    "numbers",
    arguments: [
      ("0", 0), ("7", 7), ("+7.0", 7), ("-3", -3), ("1e3", 1_000), ("1.5E+2", 150), ("25e-1", 2.5), (".5", 0.5),
      ("5.", 5), ("0.0004562043795620438", 0.0004562043795620438), ("123456789012345683968", 123456789012345683968),
      ("0.1", 0.1), ("9007199254740993", 9007199254740992), ("1e400", nil), ("NaN", nil), ("+Inf", nil), ("-inf", nil),
      ("0x10", nil), ("1_000", nil), ("1e", nil), ("", nil), ("-", nil), ("1.2.3", nil), ("seven", nil),
      (String(repeating: "1", count: 500), nil),
    ] as [(String, Double?)])
  func numbers(text: String, value: Double?) throws {
    let plan = ScanPlan(engine: EngineMetrics(name: "x"), customMetrics: [try MetricSpec("m")])
    #expect(ReadingValues(scan("# TYPE m gauge\nm \(text)\n", plan)).custom == [value])
  }

  @Test("queue lengths are cut to whole numbers; series that are not finite are left out")
  func wholeNumbers() {
    let page = """
      # TYPE vllm:num_requests_waiting gauge
      vllm:num_requests_waiting{engine="0"} 2.9
      vllm:num_requests_waiting{engine="1"} NaN
      # TYPE vllm:num_requests_running gauge
      vllm:num_requests_running +Inf
      """
    let reading = scan(page)
    #expect(reading.waitingQueueSize == 2)
    #expect(reading.runningRequests == nil)
    #expect(reading.missing.contains(.runningRequests))
  }

  @Test(
    "gauges and counters have values, other types read as 0",
    arguments: [
      ("# TYPE q gauge\nq 5", 5), ("# TYPE q counter\nq 5", 5), ("q 5", 0), ("# TYPE q untyped\nq 5", 0),
      ("# TYPE q histogram\nq 5", 0), ("# TYPE qq gauge\nq 5", 0), ("# HELP q TYPE q gauge\nq 5", 0),
      ("#TYPE q gauge\nq 5", 5), ("  #  TYPE  q\tgauge  \n q\t5 ", 5), ("# TYPE q gauge\r\nq 5\r\n# EOF\r\n", 5),
    ])
  func types(page: String, value: Double) throws {
    var engine = EngineMetrics(name: "x")
    engine.waiting = try MetricSpec("q")
    #expect(scan(page, ScanPlan(engine: engine)).waitingQueueSize == value)
  }

  @Test("OpenMetrics: counters are typed without their suffix, exemplars and EOF are no values")
  func openMetrics() throws {
    var engine = EngineMetrics(name: "x")
    engine.waiting = try MetricSpec("done_total")
    let page = """
      # TYPE done counter
      done_total{a="b"} 17.0 1700000000.5 # {trace_id="KOO5S4vxi0o"} 0.67
      done_created{a="b"} 1700000000.0
      # EOF
      """
    #expect(scan(page, ScanPlan(engine: engine)).waitingQueueSize == 17)
  }

  @Test("labels: escapes, blanks, any order, a trailing comma")
  func labels() throws {
    var engine = EngineMetrics(name: "x")
    engine.waiting = try MetricSpec(#"q{path="a\"b,}c",kind=x}"#)
    let plan = ScanPlan(engine: engine)
    let type = "# TYPE q gauge\n"
    #expect(scan(type + #"q{kind="x",path="a\"b,}c"} 1"#, plan).waitingQueueSize == 1)
    #expect(scan(type + #"q { other="\\" , path = "a\"b,}c" , kind="x" , } 2"#, plan).waitingQueueSize == 2)
    #expect(scan(type + #"q{path="a\"b,}",kind="x"} 3"#, plan).waitingQueueSize == nil)
    #expect(scan(type + #"q{kind="x"} 4"#, plan).waitingQueueSize == nil)
    #expect(scan(type + #"q{xkind="x",path="a\"b,}c"} 5"#, plan).waitingQueueSize == nil)
    #expect(scan(type + #"q{kind="x"path="a\"b,}c"} 6"#, plan).brokenLines == 1)
  }

  @Test("names are compared whole")
  func names() {
    let reading = scan(
      """
      # TYPE vllm:num_requests_waiting gauge
      vllm:num_requests_waiting_by_reason{reason="capacity"} 9
      vllm:num_requests_waitin 8
      xvllm:num_requests_waiting 7
      """)
    #expect(reading.waitingQueueSize == nil)
    #expect(reading.isEmpty)
  }

  @Test("a partial page gives what it has and tells what it lacks")
  func partial() {
    let plan = ScanPlan(engine: .vllm)
    let reading = scan(
      """
      # TYPE vllm:num_requests_running gauge
      vllm:num_requests_running 2
      # TYPE vllm:cache_config_info gauge
      vllm:cache_config_info{block_size="16",num_gpu_blocks="None"} 1
      """, plan)
    #expect(reading.missing == [.waitingQueueSize, .kvCacheUsage, .cacheBlockCount])
    #expect(
      plan.describe([.waitingQueueSize, .kvCacheUsage]) == "vllm:num_requests_waiting, vllm:kv_cache_usage_perc")

    let table = EndpointTable()
    table.replaceAll(with: [.init(id: .init(name: "a"), address: .init(host: "10.0.0.1", port: 80))])
    table.store(5, in: .waitingQueueSize, slot: 0)
    reading.apply(to: table, slot: 0, now: 12.5)
    #expect(table.value(.waitingQueueSize, slot: 0) == 5)
    #expect(table.value(.runningRequests, slot: 0) == 2)
    #expect(table.value(.cacheBlockSize, slot: 0) == 16)
    #expect(table.value(.updatedAt, slot: 0) == 12.5)
    scan("nothing 1\n").apply(to: table, slot: 0, now: 13)
    #expect(table.value(.updatedAt, slot: 0) == 12.5, "a page without any value is no update")
  }

  @Test("custom metrics come in order, never combined, into columns of their own")
  func custom() throws {
    let plan = ScanPlan(
      engine: .vllm, customMetrics: [try MetricSpec("b"), try MetricSpec("a{x=y}"), try MetricSpec("c")])
    let reading = scan("# TYPE a gauge\n# TYPE b gauge\na 1\na{x=\"y\"} 2\na{x=\"y\"} 3\nb 4\nb 5\n", plan)
    #expect(ReadingValues(reading).custom == [4, 2, nil])
    #expect(reading.missing.contains(.custom(2)) && !reading.missing.contains(.custom(0)))

    let table = EndpointTable()
    table.replaceAll(with: [.init(id: .init(name: "a"), address: .init(host: "10.0.0.1", port: 80))])
    let columns = ["b", "a", "c"].compactMap { table.column(named: $0) }
    reading.apply(to: table, slot: 0, now: 1, customColumns: columns)
    #expect(table.value(columns[0], slot: 0) == 4)
    #expect(table.value(columns[1], slot: 0) == 2)
    #expect(table.value(columns[2], slot: 0).isNaN)
  }

  @Test("a scanner reads page after page; adapters are the same object until they change")
  func reuse() {
    var scanner = PageScanner(plan: ScanPlan(engine: .vllm))
    var page = VLLMPage(histograms: 1)
    page.lora = [("a", "", 2, 1)]
    let first = scan(page.bytes, with: &scanner)
    page.lora[0].time = 2
    page.engines[0].waiting = 9
    let second = scan(page.bytes, with: &scanner)
    #expect(second.waitingQueueSize == 9)
    #expect(second.adapters != nil && first.adapters === second.adapters)
    page.lora[0].running = "a,b"
    #expect(scan(page.bytes, with: &scanner).adapters?.active == ["a", "b"])
    page.lora = []
    #expect(scan(page.bytes, with: &scanner).adapters == nil)
    // An unfinished page leaves nothing behind.
    Array("# TYPE vllm:num_requests_waiting gauge\nvllm:num_requests_waiting 99\nvllm:num".utf8)
      .withUnsafeBytes { scanner.feed($0) }
    scanner.reset()
    #expect(scan(Array("requests_waiting 1\n".utf8), with: &scanner).isEmpty)
  }

  @Test("the adapter store changes its version only when adapters change")
  func adapterStore() {
    let store = AdapterStore()
    let set = AdapterSet(active: ["a"], waiting: [], maximum: 1)
    #expect(store.adapters(slot: 3) == nil)
    store.set(set, slot: 3)
    let version = store.version
    store.set(set, slot: 3)
    store.set(nil, slot: 9)
    #expect(store.version == version)
    #expect(store.all().count == 4 && store.adapters(slot: 3) === set)
    store.set(nil, slot: 3)
    #expect(store.version > version)
    #expect(store.adapters(slot: 3) == nil)
  }
}
