/// XXH64 with seed 0, written from its specification for comparison.
func referenceXXH64(_ input: [UInt8]) -> UInt64 {
  let p1: UInt64 = 0x9E37_79B1_85EB_CA87
  let p2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  let p3: UInt64 = 0x1656_67B1_9E37_79F9
  let p4: UInt64 = 0x85EB_CA77_C2B2_AE63
  let p5: UInt64 = 0x27D4_EB2F_1656_67C5
  func rotate(_ x: UInt64, _ n: UInt64) -> UInt64 { (x << n) | (x >> (64 - n)) }
  func word(_ at: Int, _ count: Int) -> UInt64 {
    (0..<count).reduce(0) { $0 | UInt64(input[at + $1]) << UInt64(8 * $1) }
  }
  func round(_ accumulator: UInt64, _ lane: UInt64) -> UInt64 {
    rotate(accumulator &+ lane &* p2, 31) &* p1
  }

  var at = 0
  var hash: UInt64
  if input.count >= 32 {
    var lanes: [UInt64] = [p1 &+ p2, p2, 0, 0 &- p1]
    while at + 32 <= input.count {
      for lane in 0..<4 { lanes[lane] = round(lanes[lane], word(at + 8 * lane, 8)) }
      at += 32
    }
    hash = rotate(lanes[0], 1) &+ rotate(lanes[1], 7) &+ rotate(lanes[2], 12) &+ rotate(lanes[3], 18)
    for lane in lanes { hash = (hash ^ round(0, lane)) &* p1 &+ p4 }
  } else {
    hash = p5
  }
  hash = hash &+ UInt64(input.count)
  while at + 8 <= input.count {
    hash = rotate(hash ^ round(0, word(at, 8)), 27) &* p1 &+ p4
    at += 8
  }
  if at + 4 <= input.count {
    hash = rotate(hash ^ (word(at, 4) &* p1), 23) &* p2 &+ p3
    at += 4
  }
  while at < input.count {
    hash = rotate(hash ^ (UInt64(input[at]) &* p5), 11) &* p1
    at += 1
  }
  hash = (hash ^ (hash >> 33)) &* p2
  hash = (hash ^ (hash >> 29)) &* p3
  return hash ^ (hash >> 32)
}

/// The hashes of a prompt as the definition of block hashing says, from its joined bytes.
func referenceChain(_ prompt: [UInt8], blockSize: Int, maximumBlocks: Int, root: UInt64) -> [UInt64] {
  func bytes(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) } }
  var padded = prompt
  while padded.count % 4 != 0 { padded.append(0) }
  var hashes: [UInt64] = []
  var previous = root
  for start in stride(from: 0, to: padded.count, by: 4 * blockSize).prefix(maximumBlocks) {
    let block = Array(padded[start..<min(start + 4 * blockSize, padded.count)])
    previous = referenceXXH64(bytes(referenceXXH64(block)) + bytes(previous))
    hashes.append(previous)
  }
  return hashes
}
