import PickerConfiguration

/// `session-id-producer`: finds the session id of a request, in a header or in a cookie.
public struct SessionIDProducer: Producer {
  /// Where the session id is.
  public enum Source: Sendable, Hashable {
    /// The value of a header, by its lower-case name.
    case header(String)
    /// The value of a cookie; its name is compared exactly.
    case cookie(String)
  }

  /// The header that is read unless the configuration says otherwise.
  public static let defaultHeader = "x-session-id"

  let source: Source
  let attribute: AttributeID

  /// Creates a producer.
  /// - Parameter attribute: where to put the session id (``AttributeSpace/sessionID(producer:)``).
  public init(_ source: Source = .header(defaultHeader), attribute: AttributeID) {
    self.source = source
    self.attribute = attribute
  }

  /// Stores the session id, if the request has one.
  public func produce(_ cycle: SchedulingCycle) {
    let id =
      switch source {
      case .header(let name): cycle.request.headers?.value(of: name)
      case .cookie(let name): cycle.request.headers?.value(of: "cookie").flatMap { Self.cookie(name, in: $0) }
      }
    if let id, !id.isEmpty { cycle.setText(attribute, id) }
  }

  /// The value of a cookie in a `Cookie` header: `name=value` pairs between semicolons, values possibly in quotes.
  static func cookie(_ name: String, in header: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    var rest = header
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: ";")) ?? rest.count
      let pair = UnsafeRawBufferPointer(rebasing: rest[..<end]).trimmed
      rest = UnsafeRawBufferPointer(rebasing: rest[min(end + 1, rest.count)...])
      guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
      guard UnsafeRawBufferPointer(rebasing: pair[..<equals]).trimmed.equals(name) else { continue }
      let value = UnsafeRawBufferPointer(rebasing: pair[(equals + 1)...]).trimmed
      guard value.count >= 2, value[0] == UInt8(ascii: "\""), value[value.count - 1] == UInt8(ascii: "\"") else {
        return value
      }
      return UnsafeRawBufferPointer(rebasing: value[1..<(value.count - 1)])
    }
    return nil
  }
}

extension PluginRegistration {
  static let sessionIDProducer = PluginRegistration(
    type: "session-id-producer", produces: [.sessionID]
  ) { context in
    let header = context.parameters.string("headerName", default: "")
    let cookie = context.parameters.string("cookieName", default: "")
    if !header.isEmpty, !cookie.isEmpty {
      context.parameters.reject("cookieName", "must not be set together with headerName")
    }
    let source: SessionIDProducer.Source =
      if !cookie.isEmpty {
        .cookie(cookie)
      } else {
        .header(header.isEmpty ? SessionIDProducer.defaultHeader : header.lowercased())
      }
    return SessionIDProducer(
      source, attribute: context.attributes.sessionID(producer: context.publishedName(of: .sessionID)))
  }
}
