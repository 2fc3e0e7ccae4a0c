/// The sets of endpoints of blocks that more than one endpoint holds: for each block a list of 64-byte chunks with ten
/// members each. All chunks but the first are full.
///
/// A member is an endpoint's slot with its LRU node for the block.
struct EndpointSets: ~Copyable {
  private var chunks = PagedPool<EndpointChunk>()

  var memoryBytes: Int { chunks.memoryBytes }

  /// The members in the first chunk of a list of `count`.
  @inline(__always)
  private static func occupancy(_ count: UInt16) -> Int {
    (Int(count) - 1) % EndpointChunk.capacity + 1
  }

  /// Calls `body` with each member's slot and node until it returns false.
  @inline(__always)
  func forEach(_ bucket: BlockBucket, _ body: (_ slot: UInt16, _ node: UInt32) -> Bool) {
    if bucket.count == 1 {
      _ = body(bucket.slot, bucket.reference)
      return
    }
    var remaining = Int(bucket.count)
    var index = bucket.reference
    while remaining > 0 {
      let chunk = chunks[index]
      let occupied = (remaining - 1) % EndpointChunk.capacity + 1
      let slots = EndpointChunk.slots(chunk)
      let nodes = EndpointChunk.nodes(chunk)
      for member in 0..<occupied where !body(slots[member], nodes[member]) { return }
      remaining -= occupied
      index = EndpointChunk.next(chunk).pointee
    }
  }

  /// The LRU node of `slot`, if it is a member.
  @inline(__always)
  func node(of slot: UInt16, in bucket: BlockBucket) -> UInt32? {
    var found: UInt32?
    forEach(bucket) { member, node in
      guard member == slot else { return true }
      found = node
      return false
    }
    return found
  }

  /// Adds a member that isn't in the set. The bucket's count is below its maximum.
  @inline(__always)
  mutating func add(_ slot: UInt16, node: UInt32, to bucket: UnsafeMutablePointer<BlockBucket>) {
    if bucket.pointee.count == 0 {
      bucket.pointee.slot = slot
      bucket.pointee.reference = node
      bucket.pointee.count = 1
      return
    }
    addToList(slot, node: node, bucket)
  }

  private mutating func addToList(_ slot: UInt16, node: UInt32, _ bucket: UnsafeMutablePointer<BlockBucket>) {
    if bucket.pointee.count == 1 {
      let chunk = chunks.allocate(EndpointChunk())
      EndpointChunk.next(chunks[chunk]).pointee = PagedPool<EndpointChunk>.none
      EndpointChunk.slots(chunks[chunk])[0] = bucket.pointee.slot
      EndpointChunk.nodes(chunks[chunk])[0] = bucket.pointee.reference
      bucket.pointee.reference = chunk
    }
    var position = Self.occupancy(bucket.pointee.count)
    if position == EndpointChunk.capacity {
      let chunk = chunks.allocate(EndpointChunk())
      EndpointChunk.next(chunks[chunk]).pointee = bucket.pointee.reference
      bucket.pointee.reference = chunk
      position = 0
    }
    EndpointChunk.slots(chunks[bucket.pointee.reference])[position] = slot
    EndpointChunk.nodes(chunks[bucket.pointee.reference])[position] = node
    bucket.pointee.count += 1
  }

  /// Removes the member of `node`. A bucket left with a count of 0 is for the caller to remove.
  mutating func remove(node: UInt32, from bucket: UnsafeMutablePointer<BlockBucket>) {
    if bucket.pointee.count == 1 {
      if bucket.pointee.reference == node { bucket.pointee.count = 0 }
      return
    }
    let head = bucket.pointee.reference
    let last = Self.occupancy(bucket.pointee.count) - 1
    var index = head
    var remaining = Int(bucket.pointee.count)
    search: while remaining > 0 {
      let nodes = EndpointChunk.nodes(chunks[index])
      let occupied = (remaining - 1) % EndpointChunk.capacity + 1
      for member in 0..<occupied where nodes[member] == node {
        // The first chunk's last member takes the place.
        nodes[member] = EndpointChunk.nodes(chunks[head])[last]
        EndpointChunk.slots(chunks[index])[member] = EndpointChunk.slots(chunks[head])[last]
        break search
      }
      remaining -= occupied
      index = EndpointChunk.next(chunks[index]).pointee
    }
    guard remaining > 0 else { return }
    bucket.pointee.count -= 1
    if last == 0 {
      bucket.pointee.reference = EndpointChunk.next(chunks[head]).pointee
      chunks.free(head)
    }
    if bucket.pointee.count == 1 {
      let chunk = bucket.pointee.reference
      bucket.pointee.slot = EndpointChunk.slots(chunks[chunk])[0]
      bucket.pointee.reference = EndpointChunk.nodes(chunks[chunk])[0]
      chunks.free(chunk)
    }
  }
}
