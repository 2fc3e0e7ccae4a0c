import CAccelerate

/// Compression of answers, for clients that ask for it.
package enum ContentCoding {
  /// Answers shorter than this are sent as they are.
  private static let minimumBytes = 512
  /// Fast: the answers are text that changes every second.
  private static let level: Int32 = 1

  /// Whether an `accept-encoding` header allows gzip (RFC 9110, section 12.5.3).
  package static func acceptsGzip(_ header: String?) -> Bool {
    guard let header else { return false }
    var wildcard = false
    for item in header.split(separator: ",") {
      let parts = item.split(separator: ";").map { part in part.filter { $0 != " " && $0 != "\t" }.lowercased() }
      guard let name = parts.first else { continue }
      let isRefused = parts.dropFirst().contains { part in
        part.hasPrefix("q=") && Double(part.dropFirst(2)).map { $0 <= 0 } ?? true
      }
      if name == "gzip" || name == "x-gzip" { return !isRefused }
      if name == "*" { wildcard = !isRefused }
    }
    return wildcard
  }

  /// The bytes in the gzip format; nil when they are not worth it.
  package static func gzip(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count >= minimumBytes else { return nil }
    let capacity = epp_gzip_bound(bytes.count)
    let compressed = [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
      guard let start = output.baseAddress else { return }
      count = bytes.withUnsafeBufferPointer { epp_gzip($0.baseAddress, $0.count, level, start, capacity) }
    }
    return compressed.isEmpty || compressed.count >= bytes.count ? nil : compressed
  }
}
