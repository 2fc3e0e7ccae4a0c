/// Up to 48 bytes kept in place, for words that may arrive in pieces. What is longer is remembered as too long.
struct ShortText {
  private typealias Storage = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

  private static let capacity = MemoryLayout<Storage>.size

  private var storage: Storage = (0, 0, 0, 0, 0, 0)
  private(set) var count = 0
  private var isTooLong = false

  mutating func clear() {
    count = 0
    isTooLong = false
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count <= Self.capacity - count else {
      isTooLong = true
      return
    }
    withUnsafeMutableBytes(of: &storage) { storage in
      UnsafeMutableRawBufferPointer(rebasing: storage[count...]).copyMemory(from: bytes)
    }
    count += bytes.count
  }

  /// The bytes, none if there were too many.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    withUnsafeBytes(of: storage) { storage in
      body(UnsafeRawBufferPointer(rebasing: storage[..<(isTooLong ? 0 : count)]))
    }
  }
}
