/// What a proxy calls the picker, taken apart: the name of a Service, its namespace and its port.
///
/// Understood are `SERVICE`, `SERVICE.NAMESPACE` and `SERVICE.NAMESPACE.svc` with whatever domain behind it, each with or
/// without a port and a last dot.
package struct PickerAuthority: Equatable {
  /// The Service's name, as it was written.
  package let service: ArraySlice<UInt8>
  /// The namespace; nil where only the name was said.
  package let namespace: ArraySlice<UInt8>?
  /// The port; nil where none was said.
  package let port: Int?

  /// Reads an authority; nil for what is not the name of a Service. Allocates nothing.
  package init?(_ bytes: [UInt8]) {
    var host = bytes[...]
    var port: Int?
    if let colon = host.lastIndex(of: UInt8(ascii: ":")) {
      guard let number = Self.port(host[(colon + 1)...]) else { return nil }
      port = number
      host = host[..<colon]
    }
    if host.last == UInt8(ascii: ".") { host = host.dropLast() }
    guard let service = Self.takeLabel(&host) else { return nil }
    let hasNamespace = !host.isEmpty
    let namespace = Self.takeLabel(&host)
    // Behind the namespace comes "svc", so that addresses and names of other kinds are none.
    guard (namespace != nil) == hasNamespace, host.isEmpty || Self.isServiceDomain(host) else { return nil }
    self.service = service
    self.namespace = namespace
    self.port = port
  }

  /// Whether a name is the one that was written; DNS names have no case.
  static func isEqual(_ written: ArraySlice<UInt8>, _ name: [UInt8]) -> Bool {
    written.count == name.count && zip(written, name).allSatisfy { lowercase($0) == lowercase($1) }
  }

  private static func lowercase(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }

  /// Takes the first label and the dot behind it.
  private static func takeLabel(_ host: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let end = host.firstIndex(of: UInt8(ascii: ".")) ?? host.endIndex
    let label = host[..<end]
    guard !label.isEmpty, label.allSatisfy(isNameByte) else { return nil }
    host = end < host.endIndex ? host[(end + 1)...] : host[end...]
    return label
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch lowercase(byte) {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
    default: false
    }
  }

  private static func isServiceDomain(_ rest: ArraySlice<UInt8>) -> Bool {
    var rest = rest
    guard let label = takeLabel(&rest), label.count == 3 else { return false }
    return label.elementsEqual("svc".utf8) || label.elementsEqual("SVC".utf8)
  }

  private static func port(_ digits: ArraySlice<UInt8>) -> Int? {
    guard (1...5).contains(digits.count) else { return nil }
    var value = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return (1...65_535).contains(value) ? value : nil
  }
}
