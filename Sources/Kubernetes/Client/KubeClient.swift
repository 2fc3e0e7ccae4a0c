import AsyncHTTPClient
import FoundationEssentials
import Logging
import NIOCore
import NIOFoundationEssentialsCompat
import NIOHTTP1

/// Speaks HTTP to a Kubernetes API server. Safe to use from any task; must be shut down.
public final class KubeClient: Sendable {
  /// Most bytes of one answer, such as a page of a list.
  static let maximumAnswerBytes = 128 << 20
  /// Most connections at a time; each pool has seven watches.
  static let maximumConnections = 8_192
  /// Longest time for an answer that is not a watch.
  static let answerTimeout = TimeAmount.seconds(30)

  private let configuration: KubeConfiguration
  private let client: HTTPClient
  private let base: String

  /// Creates a client that uses event loops of a group.
  public init(_ configuration: KubeConfiguration, group: any EventLoopGroup) {
    self.configuration = configuration
    var options = HTTPClient.Configuration(tlsConfiguration: configuration.tls)
    options.timeout.connect = .seconds(10)
    // Servers send bookmarks on watches about every minute: a connection this quiet is dead.
    options.timeout.read = .seconds(150)
    options.redirectConfiguration = .disallow
    // A connection for each watch: what one of them holds up does not hold up the others.
    options.httpVersion = .http1Only
    // The pool's own limit of eight would make a watch wait for another one to end.
    options.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Self.maximumConnections
    options.connectionPool.retryConnectionEstablishment = false
    var base = configuration.server
    if let name = configuration.tlsServerName, let host = Self.host(of: base) {
      options.dnsOverride[name] = host
      base = base.replacingFirst(host, by: name)
    }
    self.base = base
    client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: options)
  }

  /// Ends all requests.
  public func shutdown() async {
    try? await client.shutdown()
  }

  /// Fetches and decodes a document.
  func get<Document: Decodable>(
    _ type: Document.Type, _ path: String, query: [(String, String)] = [], timeout: TimeAmount = answerTimeout
  ) async throws(KubeError) -> Document {
    try await Self.decode(type, send(.GET, path, query: query, timeout: timeout))
  }

  /// Sends a document and decodes the one that the server stored.
  func send<Document: Codable & Sendable>(
    _ method: HTTPMethod, _ path: String, _ document: Document, timeout: TimeAmount = answerTimeout
  ) async throws(KubeError) -> Document {
    let body: Data
    do {
      body = try JSONEncoder().encode(document)
    } catch {
      throw .malformed("\(error)")
    }
    return try await Self.decode(Document.self, send(method, path, body: ByteBuffer(data: body), timeout: timeout))
  }

  /// Posts a JSON document and returns the one that the server made of it, such as an answered review.
  public func create(path: String, json: [UInt8]) async throws(KubeError) -> [UInt8] {
    [UInt8](buffer: try await send(.POST, path, body: ByteBuffer(bytes: json), timeout: Self.answerTimeout))
  }

  /// Sends a request and reads the whole answer, which must be complete when the time is over.
  private func send(
    _ method: HTTPMethod, _ path: String, query: [(String, String)] = [], body: ByteBuffer? = nil, timeout: TimeAmount
  ) async throws(KubeError) -> ByteBuffer {
    let result = await withTaskGroup(of: Result<ByteBuffer, KubeError>?.self) { group in
      group.addTask {
        do throws(KubeError) {
          return .success(try await self.exchange(method, path, query, body, timeout))
        } catch {
          return .failure(error)
        }
      }
      group.addTask {
        try? await Task.sleep(for: .nanoseconds(timeout.nanoseconds))
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
    guard let result else {
      throw .connection("the answer was not complete after \(timeout.nanoseconds / 1_000_000_000) s")
    }
    return try result.get()
  }

  private func exchange(
    _ method: HTTPMethod, _ path: String, _ query: [(String, String)], _ body: ByteBuffer?, _ timeout: TimeAmount
  ) async throws(KubeError) -> ByteBuffer {
    let response = try await open(method, path, query: query, body: body, timeout: timeout)
    do {
      return try await response.body.collect(upTo: Self.maximumAnswerBytes)
    } catch is NIOTooManyBytesError {
      throw .tooLarge(limit: Self.maximumAnswerBytes)
    } catch {
      throw .connection("the answer broke off: \(error)")
    }
  }

  /// Starts a request whose answer goes on for as long as `timeout`.
  /// - Returns: an answer with status 200 or 201.
  func open(
    _ method: HTTPMethod, _ path: String, query: [(String, String)], body: ByteBuffer? = nil, timeout: TimeAmount
  ) async throws(KubeError) -> HTTPClientResponse {
    var request = HTTPClientRequest(url: base + path + Self.encode(query))
    request.method = method
    // Connections are kept by their TLS configuration: a CA that was replaced gets new ones, and those made with the
    // old one end with the watches on them.
    if configuration.authorityFile != nil { request.tlsConfiguration = configuration.currentTLS }
    request.headers.add(name: "accept", value: "application/json")
    request.headers.add(name: "user-agent", value: "epp")
    if let authorization = configuration.credentials.authorization {
      request.headers.add(name: "authorization", value: authorization)
    }
    if let body {
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(body)
    }
    let response: HTTPClientResponse
    do {
      response = try await client.execute(request, timeout: timeout)
    } catch {
      throw .connection(Self.reason(error))
    }
    guard (200...201).contains(response.status.code) else { throw await Self.error(response) }
    return response
  }

  private static func reason(_ error: any Error) -> String {
    let text = "\(error)"
    // What TLS libraries say of this leaves operators guessing.
    return text.contains("CERTIFICATE_VERIFY_FAILED") || text.contains("unableToValidateCertificate")
      ? "the server's certificate is not trusted: it is not from the configured CA, or not for this address" : text
  }

  private static func error(_ response: HTTPClientResponse) async -> KubeError {
    let body = (try? await response.body.collect(upTo: 1 << 20)) ?? ByteBuffer()
    let status = try? JSONDecoder().decode(StatusObject.self, from: Data(body.readableBytesView))
    return .status(
      code: Int(response.status.code), reason: status?.reason ?? response.status.reasonPhrase,
      message: status?.message ?? "",
      retryAfterSeconds: response.headers.first(name: "retry-after").flatMap(Double.init)
        ?? status?.details?.retryAfterSeconds.map(Double.init))
  }

  private static func decode<Document: Decodable>(
    _ type: Document.Type, _ bytes: ByteBuffer
  ) throws(KubeError) -> Document {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
    } catch {
      throw .malformed("\(error)")
    }
  }

  private static func encode(_ query: [(String, String)]) -> String {
    guard !query.isEmpty else { return "" }
    return "?" + query.map { "\($0.0)=\(escape($0.1))" }.joined(separator: "&")
  }

  /// Percent-encodes all but unreserved characters (RFC 3986).
  private static func escape(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        result.append(Character(UnicodeScalar(byte)))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        result += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return result
  }

  private static func host(of server: String) -> String? {
    URL(string: server)?.host()
  }
}

extension String {
  fileprivate func replacingFirst(_ part: String, by other: String) -> String {
    guard let range = firstRange(of: part) else { return self }
    return replacingCharacters(in: range, other)
  }

  private func replacingCharacters(in range: Range<String.Index>, _ other: String) -> String {
    self[..<range.lowerBound] + other + self[range.upperBound...]
  }
}
