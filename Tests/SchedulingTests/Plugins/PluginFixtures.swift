import Endpoints
import InferenceAPI
import PickerConfiguration
import Scheduling
import Testing

extension TestPool {
  /// A pool whose endpoints have these labels.
  convenience init(labels: [[String: String]], seed: UInt64 = 1) {
    self.init(0, seed: seed)
    relabel(labels)
  }

  /// Replaces the labels of all endpoints, as discovery does.
  func relabel(_ labels: [[String: String]]) {
    table.replaceAll(
      with: labels.enumerated().map { number, labels in
        let descriptor = TestPool.descriptor(number + 1)
        return EndpointDescriptor(id: descriptor.id, address: descriptor.address, labels: labels)
      })
    cycle.begin(SchedulingRequest(), now: 0)
  }

  /// Counts requests with these prompt tokens on the endpoints, in order, and begins a cycle that sees them.
  func load(_ tokens: [[Int]]) -> [Placement] {
    let placements = zip(table.snapshot().endpoints, tokens).flatMap { endpoint, tokens in
      tokens.map { Placement(endpoint, table.reserve(slot: endpoint.slot, promptTokens: $0)) }
    }
    cycle.begin(SchedulingRequest(), now: 0)
    return placements
  }

  /// Stores matched blocks of the default producer in the running cycle.
  func match(_ blocks: [Double], of total: Double, blockSize: Double = 64, _ space: AttributeSpace) {
    let match = PrefixMatchAttributes(space, producer: nil)
    _ = cycle.makeAttribute(match.matchedBlocks).update(fromContentsOf: blocks)
    cycle.setScalar(match.totalBlocks, total)
    cycle.setScalar(match.blockSize, blockSize)
  }

  /// Begins a cycle for a request with headers. They must outlive the cycle.
  func begin(_ headers: TestHeaders, now: Double = 0) {
    var request = SchedulingRequest()
    request.headers = headers
    cycle.begin(request, now: now)
  }
}

/// Makes a plugin from its type and parameters, as a document does.
func makePlugin<Role>(
  _ type: String, _ parameters: String = "", as role: Role.Type, endpoints: EndpointTable = EndpointTable(),
  services: PluginServices = PluginServices(), sourceLocation: Testing.SourceLocation = #_sourceLocation
) throws -> Role {
  let loaded = try load(
    "plugins: [{name: made, type: \(type), parameters: {\(parameters)}}]\n", endpoints: endpoints, services: services)
  return try #require(loaded.instance(named: "made")?.plugin as? Role, sourceLocation: sourceLocation)
}

/// The problems that a plugin has with its parameters, without the place of the document.
func parameterProblems(_ type: String, _ parameters: String) -> [String] {
  problems("plugins: [{type: \(type), parameters: {\(parameters)}}]\n").map { problem in
    problem.replacing("--config-text:3: plugins[0].parameters", with: "")
  }
}

/// A request whose prompt has this many tokens.
func request(tokens: Int, maxOutputTokens: Int? = nil, _ requests: Requests) throws -> SchedulingRequest {
  try requests.completions([String(repeating: "word", count: tokens)])
}
