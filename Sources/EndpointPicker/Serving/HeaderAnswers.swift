import Endpoints
import ExtProc

/// Packed answers that are sent over and over: one for each endpoint, and the constant ones. One set an event loop.
final class HeaderAnswers {
  private struct Entry {
    var generation: UInt64
    var bytes: [UInt8]
  }

  private var bySlot: [Entry?] = []

  /// Answer to response headers. The header is what the reference adds to every response.
  let responseHeaders = HeaderAnswers.make(responseHeaders: []).packed()
  let requestHeaders = Answer(.headers(.request)).packed()
  /// The same, asking the proxy to keep the response to itself.
  let requestHeadersHidingResponse: [UInt8] = {
    var answer = Answer(.headers(.request))
    answer.modeOverride = .hideResponse
    return answer.packed()
  }()
  let requestBody = Answer(.body(.request)).packed()
  let responseBody = Answer(.body(.response)).packed()
  let requestTrailers = Answer(.trailers(.request)).packed()
  let responseTrailers = Answer(.trailers(.response)).packed()

  /// The answer to request headers that sends the request to one endpoint and changes nothing else.
  func destination(_ endpoint: Endpoint) -> [UInt8] {
    while bySlot.count <= endpoint.slot { bySlot.append(nil) }
    if let entry = bySlot[endpoint.slot], entry.generation == endpoint.generation { return entry.bytes }
    let bytes = Self.make(destination: endpoint.addressText).packed()
    bySlot[endpoint.slot] = Entry(generation: endpoint.generation, bytes: bytes)
    return bytes
  }

  /// The answer to response headers with headers of plugins.
  static func make(responseHeaders: [(name: String, value: String)]) -> Answer {
    var answer = Answer(.headers(.response))
    answer.headers = [("x-went-into-resp-headers", "true")] + responseHeaders
    return answer
  }

  /// The same answer for a list of endpoints, with more headers, or as the answer to a buffered body.
  static func make(
    _ kind: Answer.Kind = .headers(.request), destination: String, headers: [(name: String, value: String)] = [],
    removing removedHeaders: [String] = [], metadata: [Answer.MetadataField] = []
  ) -> Answer {
    var answer = Answer(kind)
    answer.removedHeaders = removedHeaders
    answer.clearsRouteCache = true
    answer.headers = [(ExtProcNames.destinationEndpoint, destination)] + headers
    answer.metadata.append(
      Answer.MetadataField(
        namespace: "\(ExtProcNames.loadBalancerNamespace)", key: ExtProcNames.destinationEndpoint,
        value: .string(destination)))
    answer.metadata += metadata
    return answer
  }
}
