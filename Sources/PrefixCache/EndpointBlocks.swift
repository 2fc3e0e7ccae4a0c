/// One endpoint's blocks from the most to the least recently used, as the ends of a list of `BlockNode`s.
struct EndpointBlocks: BitwiseCopyable {
  var newest: UInt32 = .max
  var oldest: UInt32 = .max
  var count = 0
}

/// A block that an endpoint holds: 16 bytes.
struct BlockNode: BitwiseCopyable {
  // A freed node keeps the pool's link in its first bytes, the hash's.
  var hash: UInt64
  var newer: UInt32
  var older: UInt32
}
