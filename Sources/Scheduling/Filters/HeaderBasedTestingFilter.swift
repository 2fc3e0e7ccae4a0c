/// `header-based-testing-filter`: keeps the endpoints that the request header `test-epp-endpoint-selection` names, as a
/// comma list of `IP` or `IP:port`, IPv6 with or without brackets. Without the header nothing passes. For conformance
/// tests.
public struct HeaderBasedTestingFilter: Filter {
  static let header = "test-epp-endpoint-selection"

  /// Creates the filter; it has no parameters.
  public init() {}

  /// Keeps one candidate for each IP named.
  public func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) {
    keep.update(repeating: false)
    guard let value = cycle.request.headers?.value(of: Self.header) else { return }
    var seen: Set<String> = []
    for item in String(decoding: value, as: UTF8.self).split(separator: ",") {
      let wanted = Self.parse(item.filter { $0 != " " && $0 != "\t" })
      guard !wanted.host.isEmpty, seen.insert(wanted.host).inserted else { continue }
      let position = keep.indices.first { position in
        let address = cycle.endpoint(position).address
        return address.host == wanted.host && (wanted.port == nil || wanted.port == address.port)
      }
      if let position { keep[position] = true }
    }
  }

  private static func parse(_ item: String) -> (host: String, port: UInt16?) {
    if item.first == "[", let end = item.lastIndex(of: "]") {
      let host = String(item[item.index(after: item.startIndex)..<end])
      let rest = item[item.index(after: end)...]
      return (host, rest.first == ":" ? UInt16(rest.dropFirst()) ?? 0 : nil)
    }
    let parts = item.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return (item, nil) }
    return (String(parts[0]), UInt16(parts[1]) ?? 0)
  }
}

extension PluginRegistration {
  static let headerBasedTestingFilter = PluginRegistration(type: "header-based-testing-filter") { _ in
    HeaderBasedTestingFilter()
  }
}
