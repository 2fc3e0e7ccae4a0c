#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A blocking HTTP/1.1 client for one connection, with ten seconds' patience for each read.
final class HTTPClient {
  struct Failure: Error {
    let reason: String
  }

  struct Response {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]
    /// Sizes of the chunks, for a chunked body.
    var chunks: [Int] = []

    var text: String { String(decoding: body, as: UTF8.self) }
  }

  private let descriptor: Int32
  /// What has to live as long as the client does.
  private let owner: AnyObject?
  private var buffer: [UInt8] = []

  /// Connects to `ip:port`, keeping `owner` alive meanwhile.
  init(_ address: String, owner: AnyObject? = nil) throws {
    self.owner = owner
    let parts = address.split(separator: ":")
    guard parts.count == 2, let port = UInt16(parts[1]) else { throw Failure(reason: "bad address \(address)") }
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var patience = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = port.bigEndian
    inet_pton(AF_INET, String(parts[0]), &target.sin_addr)
    let result = withUnsafePointer(to: &target) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Failure(reason: "connect: \(errno)") }
  }

  deinit { close(descriptor) }

  /// Sends bytes as they are.
  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { raw in
        write(descriptor, raw.baseAddress.map { $0 + sent }, raw.count - sent)
      }
      guard count > 0 else { throw Failure(reason: "send: \(errno)") }
      sent += count
    }
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  /// Sends a request and reads the answer.
  func request(_ method: String, _ path: String, body: String = "") throws -> Response {
    try send("\(method) \(path) HTTP/1.1\r\nhost: sim\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
    return try readResponse()
  }

  func readResponse() throws -> Response {
    let (status, headers) = try readHead()
    var response = Response(status: status, headers: headers, body: [])
    if let length = headers["content-length"].flatMap({ Int($0) }) {
      response.body = try read(length)
    } else {
      while true {
        let size = Int(try readLine(), radix: 16) ?? 0
        let chunk = try read(size)
        _ = try readLine()
        if size == 0 { break }
        response.chunks.append(size)
        response.body += chunk
      }
    }
    return response
  }

  /// Reads a response's status and headers.
  func readHead() throws -> (status: Int, headers: [String: String]) {
    let status = try readLine().split(separator: " ")
    var headers: [String: String] = [:]
    while true {
      let line = try readLine()
      if line.isEmpty { break }
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
    }
    return (status.count > 1 ? Int(status[1]) ?? 0 : 0, headers)
  }

  func readLine() throws -> String {
    while true {
      if let end = buffer.firstIndex(of: 0x0a) {
        let line = buffer[..<end].filter { $0 != 0x0d }
        buffer.removeSubrange(...end)
        return String(decoding: line, as: UTF8.self)
      }
      try fill()
    }
  }

  private func read(_ count: Int) throws -> [UInt8] {
    while buffer.count < count { try fill() }
    defer { buffer.removeFirst(count) }
    return Array(buffer.prefix(count))
  }

  private func fill() throws {
    var part = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &part, part.count, 0)
    guard count > 0 else { throw Failure(reason: count == 0 ? "connection closed" : "recv: \(errno)") }
    buffer += part[..<count]
  }
}
