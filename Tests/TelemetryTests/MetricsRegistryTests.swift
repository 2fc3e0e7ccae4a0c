import Telemetry
import Testing

@Suite struct MetricsRegistryTests {
  @Test func shardsAddUp() throws {
    let registry = MetricsRegistry(eventLoops: 3)
    let counter = try registry.counter("a_total", help: "").cell()
    let gauge = try registry.gauge("b", help: "").cell()
    for loop in 0..<3 { counter.add(UInt64(loop + 1), on: registry.shard(forEventLoop: loop)) }
    counter.add(10, on: registry.shard(forEventLoop: 99))
    gauge.add(5, on: registry.shard(forEventLoop: 0))
    gauge.subtract(2, on: registry.shard(forEventLoop: 2))
    #expect(exposition(registry).contains("\na_total 16\n"))
    #expect(exposition(registry).contains("\nb 3\n"))
  }

  @Test func sharedShardLosesNothingAmongThreads() async throws {
    let registry = MetricsRegistry(eventLoops: 1)
    let counter = try registry.counter("a_total", help: "").cell()
    let histogram = try registry.histogram("c", help: "", buckets: [1, 2]).cell()
    let shard = registry.sharedShard
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<5_000 {
            counter.add(on: shard)
            histogram.observe(1.5, on: shard)
          }
        }
      }
    }
    #expect(exposition(registry).contains("\na_total 40000\n"))
    #expect(exposition(registry).contains("\nc_sum 60000\nc_count 40000\n"))
  }

  @Test func sameLabelsAreTheSameSeries() throws {
    let registry = MetricsRegistry(eventLoops: 1)
    let shard = registry.shard(forEventLoop: 0)
    let family = try registry.counter("a_total", help: "", labels: ["x", "y"])
    family.cell(["1", "2"]).add(on: shard)
    try registry.counter("a_total", help: "", labels: ["x", "y"]).cell(["1", "2"]).add(on: shard)
    family.cell(["1"]).add(on: shard)
    #expect(
      exposition(registry).split(separator: "\n").dropFirst(2) == [
        "a_total{x=\"1\",y=\"2\"} 2", "a_total{x=\"1\",y=\"\"} 1",
      ])
  }

  @Test func manySeriesKeepApart() throws {
    let registry = MetricsRegistry(eventLoops: 2)
    let family = try registry.histogram(
      "a", help: "", labels: ["x"], buckets: ReferenceBuckets.requestLatency)
    let cells = (0..<500).map { family.cell([String($0)]) }
    for (index, cell) in cells.enumerated() {
      for _ in 0...(index % 3) { cell.observe(Double(index), on: registry.shard(forEventLoop: index % 2)) }
    }
    let text = exposition(registry)
    for index in 0..<500 { #expect(text.contains("\na_count{x=\"\(index)\"} \(index % 3 + 1)\n")) }
  }

  @Test func refusesBadNamesAndClashes() throws {
    let registry = MetricsRegistry(eventLoops: 1)
    _ = try registry.counter("a_total", help: "", labels: ["x"])
    #expect(throws: MetricsRegistrationError.self) { try registry.gauge("a_total", help: "", labels: ["x"]) }
    #expect(throws: MetricsRegistrationError.self) { try registry.counter("a_total", help: "", labels: ["y"]) }
    #expect(throws: MetricsRegistrationError.self) { try registry.counter("1a", help: "") }
    #expect(throws: MetricsRegistrationError.self) { try registry.counter("b", help: "", labels: ["le"]) }
    #expect(throws: MetricsRegistrationError.self) { try registry.histogram("c", help: "", buckets: [2, 1]) }
  }

  @Test func clientControlledLabelsAreBoundedAcrossFamilies() throws {
    let registry = MetricsRegistry(eventLoops: 1)
    let shard = registry.shard(forEventLoop: 0)
    let bound = LabelBound(limit: 2)
    bound.keep(["configured"])
    let label = MetricLabel("model", bound: bound)
    let first = try registry.counter("a_total", help: "", labels: [label])
    let second = try registry.counter("b_total", help: "", labels: [label, "code"])
    for model in ["m1", "m2", "m3", "m4", "configured", ""] { first.cell([model]).add(on: shard) }
    second.cell(["m2", "x"]).add(on: shard)
    second.cell(["m9", "x"]).add(on: shard)
    #expect(
      exposition(registry).split(separator: "\n").filter { !$0.hasPrefix("#") } == [
        "a_total{model=\"m1\"} 1", "a_total{model=\"m2\"} 1", "a_total{model=\"other\"} 2",
        "a_total{model=\"configured\"} 1", "a_total{model=\"\"} 1",
        "b_total{model=\"m2\",code=\"x\"} 1", "b_total{model=\"other\",code=\"x\"} 1",
      ])
  }

  @Test func combinationsOfLabelsAreBoundedToo() throws {
    let registry = MetricsRegistry(eventLoops: 1, maximumSeries: 10)
    let shard = registry.shard(forEventLoop: 0)
    let bound = LabelBound()
    let family = try registry.counter(
      "a_total", help: "", labels: [MetricLabel("x", bound: bound), MetricLabel("y", bound: bound), "z"])
    for x in 0..<20 { for y in 0..<20 { family.cell(["\(x)", "\(y)", "z\(y)"]).add(on: shard) } }
    let lines = exposition(registry).split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(lines.count <= 21)
    let total = lines.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    #expect(total == 400)
  }
}
