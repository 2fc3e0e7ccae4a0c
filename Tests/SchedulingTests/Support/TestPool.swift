import Endpoints
import Scheduling

/// A pool of endpoints 10.0.0.1:8000, 10.0.0.2:8000 … and a scheduling cycle over them.
final class TestPool {
  let table = EndpointTable()
  let cycle: SchedulingCycle
  /// Requests placed, which count until they are ended.
  private(set) var placements: [Placement] = []

  init(_ count: Int, seed: UInt64 = 1) {
    table.replaceAll(with: (1...max(count, 1)).prefix(count).map(TestPool.descriptor))
    cycle = SchedulingCycle(table: table, seed: seed)
    cycle.begin(SchedulingRequest(), now: 0)
  }

  /// Endpoint number 1, 2 …
  static func descriptor(_ number: Int) -> EndpointDescriptor {
    EndpointDescriptor(
      id: EndpointID(name: "pod-\(number)"),
      address: EndpointAddress(host: "10.\(number >> 16).\(number >> 8 & 0xFF).\(number & 0xFF)", port: 8_000))
  }

  /// The endpoint with this number, of those that exist now.
  func endpoint(_ number: Int) -> Endpoint? {
    table.snapshot().endpoints.first { $0.id.name == "pod-\(number)" }
  }

  /// Stores scraped values, in the order of the endpoints, and begins a cycle that sees them.
  func store(_ column: ColumnID, _ values: [Double], now: Double = 0) {
    for (endpoint, value) in zip(table.snapshot().endpoints, values) {
      table.store(value, in: column, slot: endpoint.slot)
    }
    cycle.begin(SchedulingRequest(), now: now)
  }

  /// Schedules a request and counts it on its endpoint, as the process does.
  @discardableResult
  func place(_ request: SchedulingRequest = SchedulingRequest(), by scheduler: Scheduler) throws -> Placement {
    cycle.begin(request, now: 0)
    let primary = try scheduler.schedule(cycle)
    let endpoint = cycle.results[primary].endpoints[0]
    let lease = table.reserve(slot: endpoint.slot, promptTokens: request.promptTokens)
    scheduler.requestPlaced(cycle, primary: primary)
    let placement = Placement(endpoint, lease)
    placements.append(placement)
    return placement
  }

  /// Counts a request on an endpoint.
  func reserve(_ endpoint: Endpoint, promptTokens: Int = 1) {
    placements.append(Placement(endpoint, table.reserve(slot: endpoint.slot, promptTokens: promptTokens)))
  }

  /// Ends the requests placed so far, or those of them on one endpoint.
  func endRequests(on endpoint: Endpoint? = nil) {
    for placement in placements where endpoint.map({ $0.slot == placement.endpoint.slot }) ?? true { placement.end() }
  }

  /// Schedules a request without counting it.
  func pick(_ request: SchedulingRequest = SchedulingRequest(), by scheduler: Scheduler) throws -> [String] {
    cycle.begin(request, now: 0)
    let primary = try scheduler.schedule(cycle)
    return cycle.results[primary].endpoints.map(\.id.name)
  }
}

/// A request on its way, counted on its endpoint until it ends.
final class Placement {
  let endpoint: Endpoint
  private var lease: Lease?

  init(_ endpoint: Endpoint, _ lease: consuming Lease) {
    self.endpoint = endpoint
    self.lease = consume lease
  }

  func end() { lease = nil }
}
