import CAccelerate

/// The endpoints that hold one block, as an open-addressing bucket of 16 bytes.
struct BlockBucket: BitwiseCopyable {
  var hash: UInt64
  /// With one endpoint, its LRU node; with more, the first chunk of an `EndpointSets` list.
  var reference: UInt32
  /// With one endpoint, its slot.
  var slot: UInt16
  /// Endpoints that hold the block; 0 marks an empty bucket.
  var count: UInt16
}

/// Maps block hashes to buckets: linear probing, deletion by shifting back.
///
/// The table is cut into 256 parts that grow by themselves, so that no insert rehashes more than 1/256 of it. Buckets
/// are placed by a keyed mix of the hash: who picks prompts can't aim at one place of the table.
struct BlockTable: ~Copyable {
  private struct Part: BitwiseCopyable {
    var buckets: UnsafeMutablePointer<BlockBucket>?
    /// 64 − log2(capacity).
    var shift: UInt8
    var count: UInt32

    @inline(__always)
    var mask: Int { (1 << (64 - Int(shift))) - 1 }
  }

  private static var partBits: Int { 8 }
  private static var initialShift: UInt8 { 60 }

  private let parts: UnsafeMutablePointer<Part>
  private let key: UInt64
  private let multiplier: UInt64

  init(key: UInt64, multiplier: UInt64) {
    self.key = key
    self.multiplier = multiplier | 1
    parts = .allocate(capacity: 1 << Self.partBits)
    parts.initialize(repeating: Part(buckets: nil, shift: Self.initialShift, count: 0), count: 1 << Self.partBits)
  }

  deinit {
    for part in 0..<(1 << Self.partBits) { parts[part].buckets?.deallocate() }
    parts.deallocate()
  }

  /// The number of blocks.
  var count: Int {
    var sum = 0
    for part in 0..<(1 << Self.partBits) { sum += Int(parts[part].count) }
    return sum
  }

  var memoryBytes: Int {
    var bytes = MemoryLayout<Part>.stride << Self.partBits
    for part in 0..<(1 << Self.partBits) where parts[part].buckets != nil {
      bytes += (parts[part].mask + 1) * MemoryLayout<BlockBucket>.stride
    }
    return bytes
  }

  /// Asks for the memory where `hash` would be.
  @inline(__always)
  func prefetch(_ hash: UInt64) {
    let mixed = mix(hash)
    let part = part(of: mixed)
    guard let buckets = part.pointee.buckets else { return }
    epp_prefetch(buckets + home(of: mixed, in: part.pointee))
  }

  /// The bucket of `hash`, which stays valid until the next insert or removal.
  @inline(__always)
  func find(_ hash: UInt64) -> UnsafeMutablePointer<BlockBucket>? {
    let mixed = mix(hash)
    let part = part(of: mixed).pointee
    guard let buckets = part.buckets else { return nil }
    let mask = part.mask
    var index = home(of: mixed, in: part)
    while buckets[index].count > 0 {
      if buckets[index].hash == hash { return buckets + index }
      index = (index + 1) & mask
    }
    return nil
  }

  /// The bucket of `hash`; a new one has a count of 0, which the caller must raise before anything else is called.
  @inline(__always)
  mutating func findOrInsert(_ hash: UInt64) -> UnsafeMutablePointer<BlockBucket> {
    let mixed = mix(hash)
    let part = part(of: mixed)
    let buckets = reserve(part)
    let mask = part.pointee.mask
    var index = home(of: mixed, in: part.pointee)
    while buckets[index].count > 0 {
      if buckets[index].hash == hash { return buckets + index }
      index = (index + 1) & mask
    }
    buckets[index] = BlockBucket(hash: hash, reference: .max, slot: 0, count: 0)
    part.pointee.count += 1
    return buckets + index
  }

  /// Removes a bucket returned by `find`, closing the gap so that probes need no tombstones.
  mutating func remove(_ bucket: UnsafeMutablePointer<BlockBucket>) {
    let part = part(of: mix(bucket.pointee.hash))
    guard let buckets = part.pointee.buckets else { return }
    let mask = part.pointee.mask
    var gap = bucket - buckets
    var index = gap
    while true {
      index = (index + 1) & mask
      guard buckets[index].count > 0 else { break }
      let wanted = home(of: mix(buckets[index].hash), in: part.pointee)
      if (index - wanted) & mask >= (index - gap) & mask {
        buckets[gap] = buckets[index]
        gap = index
      }
    }
    buckets[gap].count = 0
    part.pointee.count -= 1
  }

  @inline(__always)
  private func mix(_ hash: UInt64) -> UInt64 {
    (hash ^ key) &* multiplier
  }

  @inline(__always)
  private func part(of mixed: UInt64) -> UnsafeMutablePointer<Part> {
    parts + Int(truncatingIfNeeded: mixed >> UInt64(64 - Self.partBits))
  }

  @inline(__always)
  private func home(of mixed: UInt64, in part: Part) -> Int {
    Int(truncatingIfNeeded: (mixed << UInt64(Self.partBits)) >> UInt64(part.shift))
  }

  /// The part's buckets with room for one more at a load of 3/4.
  @inline(__always)
  private mutating func reserve(_ part: UnsafeMutablePointer<Part>) -> UnsafeMutablePointer<BlockBucket> {
    if let buckets = part.pointee.buckets, Int(part.pointee.count) * 4 < (part.pointee.mask + 1) * 3 { return buckets }
    return grow(part)
  }

  @inline(never)
  private mutating func grow(_ part: UnsafeMutablePointer<Part>) -> UnsafeMutablePointer<BlockBucket> {
    let old = part.pointee
    if old.buckets != nil { part.pointee.shift -= 1 }
    let capacity = part.pointee.mask + 1
    let fresh = UnsafeMutablePointer<BlockBucket>.allocate(capacity: capacity)
    fresh.initialize(repeating: BlockBucket(hash: 0, reference: .max, slot: 0, count: 0), count: capacity)
    part.pointee.buckets = fresh
    guard let buckets = old.buckets else { return fresh }
    for index in 0...old.mask where buckets[index].count > 0 {
      var target = home(of: mix(buckets[index].hash), in: part.pointee)
      while fresh[target].count > 0 { target = (target + 1) & (capacity - 1) }
      fresh[target] = buckets[index]
    }
    buckets.deallocate()
    return fresh
  }
}
