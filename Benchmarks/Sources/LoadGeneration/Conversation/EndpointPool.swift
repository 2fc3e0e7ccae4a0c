/// The endpoints a picker may choose, and how often it chose each. For one thread.
package final class EndpointPool {
  private var indexes: [String: Int] = [:]
  /// `ip:port` of the endpoints.
  package private(set) var addresses: [String] = []
  /// Streams by endpoint, in the order of ``addresses``.
  package private(set) var streams: [Int] = []
  /// Endpoints that are not known yet are taken in.
  private let isOpen: Bool
  /// Most endpoints an open pool takes in.
  private static let maximumCount = 100_000

  /// Creates a pool of these endpoints; an empty list makes one that takes in every endpoint it sees.
  package init(_ addresses: [String]) {
    isOpen = addresses.isEmpty
    for address in addresses { add(address) }
  }

  /// The index of the first endpoint of a destination, `ip:port[,ip:port…]`.
  /// - Returns: nil when one of them is not in the pool.
  package func index(of destination: UnsafeRawBufferPointer) -> Int? {
    guard destination.contains(UInt8(ascii: ",")) else { return lookUp(destination) }
    var first: Int?
    for address in destination.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard let index = lookUp(UnsafeRawBufferPointer(rebasing: address)) else { return nil }
      first = first ?? index
    }
    return first
  }

  /// Counts a stream on an endpoint.
  package func count(_ index: Int) { streams[index] += 1 }

  private func lookUp(_ bytes: UnsafeRawBufferPointer) -> Int? {
    let address = String(decoding: bytes, as: UTF8.self)
    if let index = indexes[address] { return index }
    guard isOpen, !address.isEmpty, addresses.count < Self.maximumCount else { return nil }
    return add(address)
  }

  @discardableResult
  private func add(_ address: String) -> Int {
    if let index = indexes[address] { return index }
    indexes[address] = addresses.count
    addresses.append(address)
    streams.append(0)
    return addresses.count - 1
  }
}
