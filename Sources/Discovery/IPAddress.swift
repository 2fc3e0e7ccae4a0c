import Glibc

/// Checks IP addresses.
enum IPAddress {
  /// The canonical form of an IPv4 or IPv6 address; `nil` for anything else, host names and zones included.
  static func canonical(_ text: String) -> String? {
    // The C functions would stop at a zero byte.
    guard !text.utf8.contains(0) else { return nil }
    return canonical(text, family: AF_INET, capacity: INET_ADDRSTRLEN)
      ?? canonical(text, family: AF_INET6, capacity: INET6_ADDRSTRLEN)
  }

  private static func canonical(_ text: String, family: Int32, capacity: Int32) -> String? {
    var address = in6_addr()
    guard inet_pton(family, text, &address) == 1 else { return nil }
    var buffer = [UInt8](repeating: 0, count: Int(capacity))
    let isPrinted = buffer.withUnsafeMutableBytes { bytes in
      inet_ntop(family, &address, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), socklen_t(capacity)) != nil
    }
    return isPrinted ? String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self) : nil
  }
}
