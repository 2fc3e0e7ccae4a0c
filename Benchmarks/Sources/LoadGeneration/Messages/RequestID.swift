/// Request ids in the form of UUIDs, each given once.
struct RequestID {
  /// Characters of an id.
  static let length = 36
  private let text: [UInt8]
  private var number: UInt64 = 0
  private static let digits: StaticString = "0123456789abcdef"

  /// - Parameters:
  ///   - run: tells runs apart.
  ///   - worker: tells the connections of a run apart.
  init(run: UInt32, worker: Int) {
    var text = [UInt8](repeating: UInt8(ascii: "-"), count: Self.length)
    Self.store(UInt64(run), digits: 8, at: 0, &text)
    Self.store(UInt64(truncatingIfNeeded: worker), digits: 4, at: 9, &text)
    Self.store(0x4000, digits: 4, at: 14, &text)
    Self.store(0x8000, digits: 4, at: 19, &text)
    Self.store(0, digits: 12, at: 24, &text)
    self.text = text
  }

  /// Stores the next id.
  mutating func storeNext(at pointer: UnsafeMutableRawPointer) {
    text.withUnsafeBytes { pointer.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(pointer), byteCount: $0.count) }
    var rest = number
    number += 1
    var position = Self.length - 1
    while rest > 0 {
      pointer.storeBytes(of: Self.digits.utf8Start[Int(rest & 15)], toByteOffset: position, as: UInt8.self)
      rest >>= 4
      position -= 1
    }
  }

  private static func store(_ value: UInt64, digits count: Int, at offset: Int, _ text: inout [UInt8]) {
    for index in 0..<count {
      text[offset + index] = digits.utf8Start[Int(value >> UInt64(4 * (count - 1 - index)) & 15)]
    }
  }
}
