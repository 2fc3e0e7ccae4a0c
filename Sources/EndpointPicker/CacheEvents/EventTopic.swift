/// The topic of a message of cache events, `kv@<pod>@<model>`.
package struct EventTopic: Equatable {
  /// Who tells: an address `ip:port`, an IP address, or a name.
  package let pod: String
  /// The model that the server serves.
  package let model: String

  /// Reads a topic; nil for one of another form. The model is everything behind the second `@`.
  package init?(_ bytes: [UInt8]) {
    let parts = bytes.split(separator: UInt8(ascii: "@"), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[2].isEmpty else { return nil }
    pod = String(decoding: parts[1], as: UTF8.self)
    model = String(decoding: parts[2], as: UTF8.self)
  }
}
