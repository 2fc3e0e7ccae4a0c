import Foundation
import Histogram

/// The outcome of a run, in plain numbers.
package struct LoadReport: Sendable, Codable {
  /// Times of many streams, in microseconds from the moment they should have begun.
  package struct Latency: Sendable, Codable {
    package var p50: Figure
    package var p90: Figure
    package var p99: Figure
    package var p999: Figure
    package var longest: Double
  }

  /// A point of the distribution of times.
  package struct Point: Sendable, Codable {
    /// Part of the streams that took no longer, in percent.
    package var percentile: Double
    package var decision: Double
    package var stream: Double
  }

  /// What the picker's processes used.
  package struct Usage: Sendable, Codable {
    /// Processor time for each stream, in microseconds.
    package var perStream: Figure
    /// Processors in use.
    package var cores: Figure
    /// Resident memory at the end, in bytes.
    package var memory: Int
    /// The most there was since the processes started, in bytes.
    package var peakMemory: Int
    /// Resident memory at the borders of the windows, in bytes.
    package var memoryOverTime: [Int]
  }

  /// What was asked for, for people.
  package var kind: String
  package var seconds: Double
  /// Streams that were answered well.
  package var completed: Int
  /// Streams a second.
  package var rate: Figure
  /// Streams a second in each tenth of the run.
  package var rates: [Double]
  /// From the first message to the answer with the destination.
  package var decision: Latency
  /// From the first message to the last answer.
  package var stream: Latency
  package var distribution: [Point]
  /// nil when no process was to be measured.
  package var usage: Usage?
  /// Streams by endpoint, warm-up included.
  package var endpoints: [String: Int]
  /// Wrong answers by kind.
  package var faults: [String: Int]
  /// Streams without an answer by reason.
  package var failures: [String: Int]
  /// Requests turned away, by HTTP status.
  package var rejections: [String: Int]

  /// Wrong answers of all kinds.
  package var wrong: Int { faults.values.reduce(0, +) }
  /// Streams without an answer, for whatever reason.
  package var failed: Int { failures.values.reduce(0, +) }

  init(_ measurement: LoadMeasurement) {
    let recorder = measurement.recorder
    var whole = recorder.windows[0]
    for window in recorder.windows.dropFirst() { whole.add(window) }
    seconds = Double(measurement.plan.duration) / 1e9
    completed = whole.completed
    rates = recorder.windows.map { Double($0.completed) / measurement.windowSeconds }
    rate = Figure(Double(whole.completed) / seconds, parts: rates)
    decision = Self.latency(whole.decisions, recorder.windows.map(\.decisions))
    stream = Self.latency(whole.streams, recorder.windows.map(\.streams))
    distribution = Self.percentiles.map { percentile in
      Point(
        percentile: percentile, decision: Self.microseconds(whole.decisions, percentile),
        stream: Self.microseconds(whole.streams, percentile))
    }
    usage = Self.usage(measurement, completed: whole.completed)
    endpoints = measurement.endpoints
    faults = Dictionary(uniqueKeysWithValues: recorder.faults.map { ($0.key.rawValue, $0.value) })
    failures = Dictionary(uniqueKeysWithValues: recorder.failures.map { ($0.key.rawValue, $0.value) })
    rejections = Dictionary(uniqueKeysWithValues: recorder.rejections.map { ("\($0.key)", $0.value) })
    kind = measurement.plan.summary
  }

  /// From the middle to the far end, in steps that halve what is left.
  private static let percentiles: [Double] = {
    let upper: [Double] = (1...40).map { step in 100 - 50 * exp2(-Double(step) / 3) }
    return [0, 10, 25, 50] + upper
  }()

  private static func latency(_ whole: Histogram<UInt32>, _ parts: [Histogram<UInt32>]) -> Latency {
    let parts = parts.filter { $0.totalCount > 0 }
    func figure(_ percentile: Double) -> Figure {
      Figure(microseconds(whole, percentile), parts: parts.map { microseconds($0, percentile) })
    }
    return Latency(
      p50: figure(50), p90: figure(90), p99: figure(99), p999: figure(99.9),
      longest: Double(whole.totalCount > 0 ? whole.max : 0) / 1e3)
  }

  private static func microseconds(_ histogram: Histogram<UInt32>, _ percentile: Double) -> Double {
    histogram.totalCount > 0 ? Double(histogram.valueAtPercentile(percentile)) / 1e3 : 0
  }

  private static func usage(_ measurement: LoadMeasurement, completed: Int) -> Usage? {
    let usages = measurement.usages
    guard !measurement.plan.processes.isEmpty, let first = usages.first, let last = usages.last else { return nil }
    let parts = zip(usages, usages.dropFirst()).map { Double($1.cpu - min($0.cpu, $1.cpu)) }
    let streams = measurement.recorder.windows.map { Double($0.completed) }
    let total = Double(last.cpu - min(first.cpu, last.cpu))
    let perStream = zip(parts, streams).filter { $0.1 > 0 }.map { $0.0 / $0.1 / 1e3 }
    return Usage(
      perStream: Figure(completed > 0 ? total / Double(completed) / 1e3 : 0, parts: perStream),
      cores: Figure(
        total / Double(measurement.plan.duration), parts: parts.map { $0 / measurement.windowSeconds / 1e9 }),
      memory: last.memory, peakMemory: last.peakMemory, memoryOverTime: usages.map(\.memory))
  }
}
