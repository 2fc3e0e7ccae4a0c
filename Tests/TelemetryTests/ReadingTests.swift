import Telemetry
import Testing

/// Metrics as the process itself reads them.
@Suite struct ReadingTests {
  @Test func countersAddUpOverLabelsAndShards() throws {
    let registry = MetricsRegistry(eventLoops: 2)
    let family = try registry.counter("hits_total", help: "", labels: ["who", "where"])
    family.cell(["a", "x"]).add(2, on: registry.shard(forEventLoop: 0))
    family.cell(["a", "y"]).add(3, on: registry.shard(forEventLoop: 1))
    family.cell(["b", "x"]).add(4, on: registry.sharedShard)
    #expect(registry.totals(of: "hits_total", by: "who") == ["a": 5, "b": 4])
    #expect(registry.totals(of: "hits_total", by: "where", "who") == [["x", "a"]: 2, ["y", "a"]: 3, ["x", "b"]: 4])
    #expect(registry.total(of: "hits_total") == 9)
    #expect(registry.totals(of: "hits_total", by: "nobody").isEmpty)
    #expect(registry.total(of: "nothing") == 0)
  }

  @Test func histogramsAddUpOverSeries() throws {
    let registry = MetricsRegistry(eventLoops: 1)
    let family = try registry.histogram("size", help: "", labels: ["who"], buckets: [1, 10])
    family.cell(["a"]).observe(0.5, on: registry.sharedShard)
    family.cell(["b"]).observe(5, times: 4, on: registry.shard(forEventLoop: 0))
    family.cell(["b"]).observe(100, on: registry.sharedShard)
    let totals = try #require(registry.histogramTotals(of: "size"))
    #expect(totals.bounds == [1, 10])
    #expect(totals.counts == [1, 4, 1])
    #expect(totals.sum == 120.5)
  }

  @Test func refreshersRunBeforeEachScrape() throws {
    let registry = MetricsRegistry(eventLoops: 1)
    let gauge = try registry.gauge("age", help: "").cell()
    registry.onScrape { gauge.set(7, on: registry.sharedShard) }
    #expect(String(decoding: registry.exposition(.text), as: UTF8.self).contains("\nage 7\n"))
  }
}
