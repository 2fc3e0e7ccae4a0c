/// What plugins change in a request on its way to the endpoint, besides the destination itself.
///
/// Empty for most requests and cleared without giving memory back, so unused it costs nothing.
public struct ForwardingChanges {
  /// Headers to set, with lower-case names; no name occurs twice.
  public private(set) var requestHeaders: [(name: String, value: String)] = []
  /// Headers to remove because the client must not set them.
  public private(set) var removedRequestHeaders: [String] = []
  /// The port to send the request to in place of that of each endpoint chosen.
  public var destinationPort: UInt16?

  /// Whether the request goes on as it came.
  public var isEmpty: Bool {
    requestHeaders.isEmpty && removedRequestHeaders.isEmpty && destinationPort == nil
  }

  mutating func clear() {
    requestHeaders.removeAll(keepingCapacity: true)
    removedRequestHeaders.removeAll(keepingCapacity: true)
    destinationPort = nil
  }

  mutating func set(_ name: String, _ value: String) {
    removedRequestHeaders.removeAll { $0 == name }
    if let index = requestHeaders.firstIndex(where: { $0.name == name }) {
      requestHeaders[index].value = value
    } else {
      requestHeaders.append((name, value))
    }
  }

  mutating func unset(_ name: String) { requestHeaders.removeAll { $0.name == name } }

  mutating func remove(_ name: String) {
    if !removedRequestHeaders.contains(name) { removedRequestHeaders.append(name) }
  }
}

extension SchedulingCycle {
  /// Sets a header of the forwarded request, or removes the one that the client sent. For plugins, once the request is
  /// placed.
  /// - Parameters:
  ///   - name: in lower case.
  ///   - value: nil to remove the header.
  public func setRequestHeader(_ name: String, to value: String?) {
    if let value {
      forwarding.set(name, value)
    } else {
      forwarding.unset(name)
      if request.headers?.value(of: name) != nil { forwarding.remove(name) }
    }
  }

  /// Sends the request to this port of the endpoints chosen.
  public func setDestinationPort(_ port: UInt16) { forwarding.destinationPort = port }
}
