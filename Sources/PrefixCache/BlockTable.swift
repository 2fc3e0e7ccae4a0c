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
/// The table is cut into 256 parts that grow by themselves, so that no insert rehashes more than 1/256 of it. Parts of
/// one size share one mapping of huge pages, which goes when its last part has outgrown it. Buckets are placed by a keyed
/// mix of the hash: who picks prompts can't aim at one place of the table.
struct BlockTable: ~Copyable {
  private struct Part: BitwiseCopyable {
    var buckets: UnsafeMutablePointer<BlockBucket>?
    /// 64 − log2(capacity).
    var shift: Int
    var count: UInt32

    @inline(__always)
    var mask: Int { (1 << (64 - shift)) - 1 }
  }

  /// The memory of all parts of one size.
  private struct Slab: BitwiseCopyable {
    var base: UnsafeMutableRawPointer?
    /// Parts that live in it.
    var users: Int
  }

  private static var partBits: Int { 8 }
  private static var partCount: Int { 1 << partBits }
  private static var initialShift: Int { 60 }

  /// By the shift of their parts.
  private let slabs: UnsafeMutablePointer<Slab>

  private let parts: UnsafeMutablePointer<Part>
  private let key: UInt64
  private let multiplier: UInt64

  init(key: UInt64, multiplier: UInt64) {
    self.key = key
    self.multiplier = multiplier | 1
    parts = .allocate(capacity: Self.partCount)
    parts.initialize(repeating: Part(buckets: nil, shift: Self.initialShift, count: 0), count: Self.partCount)
    slabs = .allocate(capacity: 64)
    slabs.initialize(repeating: Slab(base: nil, users: 0), count: 64)
  }

  deinit {
    for shift in 0..<64 { epp_pages_free(slabs[shift].base, Self.slabBytes(shift: shift)) }
    slabs.deallocate()
    parts.deallocate()
  }

  /// The number of blocks.
  var count: Int {
    var sum = 0
    for part in 0..<Self.partCount { sum += Int(parts[part].count) }
    return sum
  }

  var memoryBytes: Int {
    var bytes = MemoryLayout<Part>.stride * Self.partCount + MemoryLayout<Slab>.stride * 64
    for shift in 0..<64 where slabs[shift].base != nil { bytes += Self.slabBytes(shift: shift) }
    return bytes
  }

  /// Asks for the memory where `hash` would be.
  @inline(__always)
  func prefetch(_ hash: UInt64) {
    let mixed = mix(hash)
    let part = part(of: mixed)
    guard let buckets = part.pointee.buckets else { return }
    let bucket = buckets + home(of: mixed, in: part.pointee)
    epp_prefetch(bucket)
    // Probes and the shift after a removal often run into the next line.
    epp_prefetch(bucket + 4)
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

  /// The bucket of `hash`; a new one has a count of 0, which the caller must raise before anything else is called. Nil
  /// when memory is short.
  @inline(__always)
  mutating func findOrInsert(_ hash: UInt64) -> UnsafeMutablePointer<BlockBucket>? {
    let mixed = mix(hash)
    let part = part(of: mixed)
    guard let buckets = reserve(part) else { return nil }
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
  private mutating func reserve(_ part: UnsafeMutablePointer<Part>) -> UnsafeMutablePointer<BlockBucket>? {
    if let buckets = part.pointee.buckets, Int(part.pointee.count) * 4 < (part.pointee.mask + 1) * 3 { return buckets }
    return grow(part)
  }

  @inline(never)
  private mutating func grow(_ part: UnsafeMutablePointer<Part>) -> UnsafeMutablePointer<BlockBucket>? {
    let old = part.pointee
    let shift = old.buckets == nil ? Self.initialShift : old.shift - 1
    if slabs[shift].base == nil { slabs[shift].base = epp_pages_allocate(Self.slabBytes(shift: shift)) }
    guard let base = slabs[shift].base else { return nil }
    slabs[shift].users += 1
    part.pointee.shift = shift
    let mask = part.pointee.mask
    // A part enters a slab once, so its memory there is still zero: all buckets are empty.
    let fresh = base.assumingMemoryBound(to: BlockBucket.self) + (part - parts) * (mask + 1)
    part.pointee.buckets = fresh
    guard let buckets = old.buckets else { return fresh }
    for index in 0...old.mask where buckets[index].count > 0 {
      var target = home(of: mix(buckets[index].hash), in: part.pointee)
      while fresh[target].count > 0 { target = (target + 1) & mask }
      fresh[target] = buckets[index]
    }
    leave(shift: old.shift)
    return fresh
  }

  /// Takes a part out of its slab.
  private mutating func leave(shift: Int) {
    slabs[shift].users -= 1
    guard slabs[shift].users == 0 else { return }
    epp_pages_free(slabs[shift].base, Self.slabBytes(shift: shift))
    slabs[shift].base = nil
  }

  private static func slabBytes(shift: Int) -> Int {
    // Parts larger than 2³² buckets can't be: entries are far fewer.
    shift < 32 ? 0 : MemoryLayout<BlockBucket>.stride * partCount << (64 - shift)
  }
}
