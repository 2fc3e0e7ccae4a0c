/// Part of a block's set of endpoints: 64 bytes that hold the index of the next chunk, ten LRU nodes and ten slots.
struct EndpointChunk: BitwiseCopyable {
  static var capacity: Int { 10 }
  private static var slotsOffset: Int { 4 + 4 * capacity }

  private var words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)

  @inline(__always)
  static func next(_ chunk: UnsafeMutablePointer<EndpointChunk>) -> UnsafeMutablePointer<UInt32> {
    UnsafeMutableRawPointer(chunk).assumingMemoryBound(to: UInt32.self)
  }

  @inline(__always)
  static func nodes(_ chunk: UnsafeMutablePointer<EndpointChunk>) -> UnsafeMutablePointer<UInt32> {
    (UnsafeMutableRawPointer(chunk) + 4).assumingMemoryBound(to: UInt32.self)
  }

  @inline(__always)
  static func slots(_ chunk: UnsafeMutablePointer<EndpointChunk>) -> UnsafeMutablePointer<UInt16> {
    (UnsafeMutableRawPointer(chunk) + slotsOffset).assumingMemoryBound(to: UInt16.self)
  }
}
