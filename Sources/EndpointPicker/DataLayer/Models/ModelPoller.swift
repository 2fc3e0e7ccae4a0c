import Endpoints
import InferenceAPI
import Logging
import NIOCore
import ServiceLifecycle

/// Asks all endpoints again and again which models they serve.
///
/// An endpoint that does not answer keeps the list it gave last; the log tells the first failure in a row.
struct ModelPoller: Service {
  /// Most questions at the same time.
  private static let concurrency = 16
  /// The longest answer that is read.
  private static let maximumBytes = 1 << 20

  let source: ModelsDataSource
  let table: EndpointTable
  /// Takes the lists, the models as active adapters.
  let models: AdapterStore
  let eventLoop: any EventLoop
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var failing: Set<EndpointID> = []
      var known: [Int: EndpointID] = [:]
      while !Task.isCancelled {
        let snapshot = table.snapshot()
        let current = Dictionary(snapshot.endpoints.map { ($0.slot, $0.id) }) { first, _ in first }
        for (slot, id) in known where current[slot] != id { models.set(nil, slot: slot) }
        known = current
        let failed = await poll(snapshot.endpoints)
        for (id, reason) in failed where !failing.contains(id) {
          logger.warning(
            "the models of an endpoint cannot be read", metadata: ["endpoint": "\(id)", "error": "\(reason)"])
        }
        failing = Set(failed.keys)
        try? await Task.sleep(for: source.interval, tolerance: source.interval / 10)
      }
    }
  }

  /// Asks endpoints once.
  /// - Returns: why there was no answer, for those that did not give one.
  func poll(_ endpoints: [Endpoint]) async -> [EndpointID: String] {
    await withTaskGroup(of: (EndpointID, String)?.self) { group in
      var failed: [EndpointID: String] = [:]
      for (index, endpoint) in endpoints.enumerated() {
        if index >= Self.concurrency, let failure = await group.next() ?? nil { failed[failure.0] = failure.1 }
        group.addTask {
          do {
            try await ask(endpoint)
            return nil
          } catch {
            return (endpoint.id, "\(error)")
          }
        }
      }
      for await failure in group {
        if let failure { failed[failure.0] = failure.1 }
      }
      return failed
    }
  }

  private func ask(_ endpoint: Endpoint) async throws {
    let fetch = PageFetch(
      path: source.path, maximumBytes: Self.maximumBytes, timeout: .seconds(1),
      transport: source.tls?.transport)
    let address = EndpointAddress(host: endpoint.address.host, port: source.port ?? endpoint.address.port)
    var body = try await fetch.body(of: address, on: eventLoop)
    let count = body.readableBytes
    body.writeRepeatingByte(0, count: JSONParser.padding)
    let names = body.withUnsafeReadableBytes { bytes in
      ModelList.names(
        in: UnsafeRawBufferPointer(rebasing: bytes[..<count]),
        parser: JSONParser(maximumDocumentBytes: Self.maximumBytes))
    }
    guard let names else { throw PageFetch.Failure(description: "the answer is not a list of models") }
    // The slot may have another endpoint by now.
    guard table.snapshot().endpoint(inSlot: endpoint.slot)?.id == endpoint.id else { return }
    guard models.adapters(slot: endpoint.slot)?.active != names else { return }
    models.set(AdapterSet(active: names, waiting: [], maximum: 0), slot: endpoint.slot)
  }
}
