import ArgumentParser

/// Endpoints in short form: `127.0.0.1:8000`, `127.0.0.1:8000-8099`, `127.0.0.1-100:8000`.
enum EndpointRange {
  static func addresses(_ text: String) throws -> [String] {
    guard let colon = text.lastIndex(of: ":"), let ports = range(text[text.index(after: colon)...]), !ports.isEmpty,
      ports.upperBound <= 65_535
    else { throw ValidationError("--endpoint must be ip:port, not \"\(text)\"") }
    let host = String(text[..<colon])
    guard let dash = host.lastIndex(of: "-") else { return ports.map { "\(host):\($0)" } }
    guard let dot = host[..<dash].lastIndex(of: "."), let hosts = range(host[host.index(after: dot)...]) else {
      throw ValidationError("--endpoint: \"\(host)\" is no range of addresses")
    }
    let network = host[...dot]
    return hosts.flatMap { last in ports.map { "\(network)\(last):\($0)" } }
  }

  /// A number, or two with a dash between.
  private static func range(_ text: Substring) -> ClosedRange<Int>? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard let first = parts.first ?? nil, let last = parts.last ?? nil, parts.count <= 2, first <= last else {
      return nil
    }
    return first...last
  }
}
