import Endpoints
import NIOCore

/// How model servers are scraped (EndpointPickerConfig, `metrics-data-source`; Endpoint Picker model server protocol).
package struct ScrapeConfiguration: Sendable {
  package enum Scheme: String, Sendable, CaseIterable {
    case http
    case https
  }

  package var scheme: Scheme
  /// Path of the metrics page; a missing first slash is added.
  package var path: String
  /// Port to scrape instead of the endpoint's own, or nil.
  package var port: UInt16?
  /// Time from the start of a scrape to the start of the next, the same for every endpoint.
  package var interval: Duration
  /// Time between scrapes of an endpoint that has nothing to do: its last page told of no request, and this process has
  /// placed none there since. The first request placed brings the regular interval back at once. Nil scrapes all
  /// endpoints alike.
  package var idleInterval: Duration?
  /// Longest time from the request to the end of the page; bounds a page that dribbles.
  package var requestTimeout: Duration
  package var connectTimeout: Duration
  /// A longer page makes the scrape fail.
  package var maximumPageBytes: Int
  /// Adds handlers below HTTP to a new connection, such as TLS. Runs on the connection's event loop.
  package var transport: (@Sendable (any Channel, EndpointAddress) throws -> Void)?

  package init(
    scheme: Scheme = .http, path: String = "/metrics", port: UInt16? = nil, interval: Duration = .milliseconds(50),
    idleInterval: Duration? = nil,
    requestTimeout: Duration = .seconds(1), connectTimeout: Duration = .seconds(1),
    maximumPageBytes: Int = 8 * 1024 * 1024,
    transport: (@Sendable (any Channel, EndpointAddress) throws -> Void)? = nil
  ) {
    self.scheme = scheme
    self.path = path
    self.port = port
    self.interval = interval
    self.idleInterval = idleInterval
    self.requestTimeout = requestTimeout
    self.connectTimeout = connectTimeout
    self.maximumPageBytes = maximumPageBytes
    self.transport = transport
  }

  /// - Throws: ``ScrapeConfigurationError`` naming the field that cannot be used.
  func validate() throws(ScrapeConfigurationError) {
    guard scheme == .http || transport != nil else {
      throw .init(field: "scheme", reason: "https is not yet supported; use http")
    }
    guard !path.isEmpty, path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw .init(field: "path", reason: "must be a path of printable ASCII characters without blanks")
    }
    guard port != 0 else { throw .init(field: "port", reason: "must be 1-65535") }
    guard interval >= .milliseconds(1) else { throw .init(field: "interval", reason: "must be at least 1ms") }
    guard idleInterval.map({ $0 >= interval }) ?? true else {
      throw .init(field: "idleInterval", reason: "must be at least the interval")
    }
    guard requestTimeout > .zero else { throw .init(field: "requestTimeout", reason: "must be positive") }
    guard connectTimeout > .zero else { throw .init(field: "connectTimeout", reason: "must be positive") }
    guard maximumPageBytes > 0 else { throw .init(field: "maximumPageBytes", reason: "must be positive") }
  }

  /// Where the metrics of an endpoint are.
  func address(of endpoint: Endpoint) -> EndpointAddress {
    EndpointAddress(host: endpoint.address.host, port: port ?? endpoint.address.port)
  }
}

/// Why a ``ScrapeConfiguration`` cannot be used.
package struct ScrapeConfigurationError: Error, Equatable, CustomStringConvertible {
  package let field: String
  package let reason: String

  package var description: String { "\(field): \(reason)" }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
