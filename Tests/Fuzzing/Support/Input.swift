/// The bytes of an input: the first ones decide what is done, the rest is what it is done with.
struct Input {
  private(set) var rest: UnsafeRawBufferPointer

  init(_ start: UnsafePointer<UInt8>, _ count: Int) {
    rest = UnsafeRawBufferPointer(start: start, count: count)
  }

  var isEmpty: Bool { rest.isEmpty }

  /// The next byte; 0 behind the end.
  mutating func byte() -> UInt8 {
    guard let first = rest.first else { return 0 }
    rest = UnsafeRawBufferPointer(rebasing: rest[1...])
    return first
  }

  /// One of the elements, which must be some.
  mutating func choose<Element>(_ elements: [Element]) -> Element { elements[Int(byte()) % elements.count] }
}

/// Cuts bytes into pieces whose sizes follow from a seed: a few bytes, or many.
struct Pieces: Sequence, IteratorProtocol {
  private var rest: UnsafeRawBufferPointer
  private var state: UInt32

  init(of bytes: UnsafeRawBufferPointer, seed: UInt8) {
    rest = bytes
    state = UInt32(seed) &+ 1
  }

  mutating func next() -> UnsafeRawBufferPointer? {
    guard !rest.isEmpty else { return nil }
    state = state &* 1_664_525 &+ 1_013_904_223
    let most = [1, 3, 17, 200][Int(state >> 28) & 3]
    let size = Swift.min(1 + Int(state >> 8) % most, rest.count)
    defer { rest = UnsafeRawBufferPointer(rebasing: rest[size...]) }
    return UnsafeRawBufferPointer(rebasing: rest[..<size])
  }
}
