import Foundation
import ModelServerSimulator
import Testing

/// One simulated server on a free port, stopped at the end of the test.
final class RunningServer {
  let fleet: ModelServerFleet

  init(_ configure: (inout SimulatorConfiguration) -> Void = { _ in }) throws {
    var configuration = SimulatorConfiguration()
    configuration.timeScale = 0
    configure(&configuration)
    fleet = try ModelServerFleet.start(
      configuration, on: ListenAddress.expand(host: "127.0.0.1", port: 0, count: 1, sameHost: true))
  }

  deinit { try? fleet.stop() }

  func client() throws -> HTTPClient { try HTTPClient(fleet.addresses[0], owner: self) }

  /// The members of `/stats`.
  func statistics() throws -> [String: Int] {
    try parse(client().request("GET", "/stats").body) as? [String: Int] ?? [:]
  }

  /// Polls `/stats` until `condition` holds, at most ten seconds.
  func wait(until condition: ([String: Int]) -> Bool) throws -> [String: Int] {
    let deadline = ContinuousClock.now + .seconds(10)
    while true {
      let statistics = try statistics()
      if condition(statistics) || ContinuousClock.now > deadline { return statistics }
      usleep(2000)
    }
  }

  /// The samples of `/metrics` by name and labels.
  func metrics() throws -> [String: Double] {
    let page = try client().request("GET", "/metrics")
    var samples: [String: Double] = [:]
    for line in page.text.split(separator: "\n") where !line.hasPrefix("#") {
      let space = try #require(line.lastIndex(of: " "))
      let value: Double = try #require(Double(String(line[line.index(after: space)...])))
      samples[String(line[..<space])] = value
    }
    return samples
  }
}

func parse(_ json: some Sequence<UInt8>) throws -> Any {
  try JSONSerialization.jsonObject(with: Data(json), options: .fragmentsAllowed)
}

/// The object at `path`, keys and indices, in parsed JSON.
func at(_ json: Any?, _ path: Any...) -> Any? {
  path.reduce(json) { value, step in
    if let key = step as? String { return (value as? [String: Any])?[key] }
    guard let index = step as? Int, let array = value as? [Any], array.indices.contains(index) else { return nil }
    return array[index]
  }
}

/// FNV-1a, written down independently of the product.
func fnv1a64(_ bytes: [UInt8]) -> String {
  let hash = bytes.reduce(14_695_981_039_346_656_037 as UInt64) {
    ($0 ^ UInt64($1)).multipliedReportingOverflow(by: 1_099_511_628_211).partialValue
  }
  return String(format: "%016lx", hash)
}
