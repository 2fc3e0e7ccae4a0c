/// A message with the five bytes gRPC puts before it.
func framed(_ message: [UInt8], isCompressed: Bool = false) -> [UInt8] {
  prefix(announcing: message.count, isCompressed: isCompressed) + message
}

/// The five bytes before a message of the length.
func prefix(announcing length: Int, isCompressed: Bool = false) -> [UInt8] {
  [isCompressed ? 1 : 0] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
}

/// Bytes in which every position differs from its neighbours and every seed from the others.
func pattern(_ count: Int, seed: Int = 0) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
    for index in 0..<count {
      buffer[index] = UInt8(truncatingIfNeeded: index &* 31 &+ (index >> 8) &* 7 &+ seed &* 101)
    }
    initialized = count
  }
}
