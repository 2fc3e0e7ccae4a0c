import CAccelerate

/// Length and hash of bytes, so that a failed comparison prints a line instead of megabytes. Hashes in C: looking at each
/// byte takes minutes where a sanitizer looks along.
struct Digest: Equatable, CustomStringConvertible {
  private let count: Int
  private let hash: UInt64

  init(_ bytes: [UInt8]) {
    count = bytes.count
    hash = bytes.withUnsafeBytes { epp_xxh64($0.baseAddress, $0.count, 0) }
  }

  /// Of messages, one after the other.
  init(_ messages: [[UInt8]]) {
    var bytes: [UInt8] = []
    for message in messages { bytes += message }
    self.init(bytes)
  }

  var description: String { "\(count) bytes, \(String(hash, radix: 16))" }
}
