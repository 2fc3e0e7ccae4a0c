import ByteStorage

/// Chat requests of one size: a system prompt that streams share, and a user prompt that no other stream has.
package final class ChatBodies: BodySource {
  /// What the bodies are like.
  package struct Shape: Sendable {
    /// Length of a body.
    package var bytes: Int
    /// Part of the prompt that streams have in common, 0…1.
    package var common: Double
    /// Number of different common parts; each stream has one at random.
    package var groups: Int
    package var model: String
    package var stream: Bool

    package init(bytes: Int, common: Double = 0.5, groups: Int = 1, model: String, stream: Bool = false) {
      self.bytes = bytes
      self.common = common
      self.groups = groups
      self.model = model
      self.stream = stream
    }

    fileprivate var tail: [UInt8] {
      Array("\",\"role\":\"user\"}],\"model\":\"\(model)\",\"stream\":\(stream)}".utf8)
    }

    /// The shortest body there can be: an empty prompt but for the number that makes it unique.
    package var minimumBytes: Int {
      ChatBodies.head.utf8CodeUnitCount + ChatBodies.middle.utf8CodeUnitCount + tail.count + numberLength
    }
  }

  fileprivate static let head: StaticString = "{\"max_tokens\":64,\"messages\":[{\"content\":\""
  fileprivate static let middle: StaticString = "\",\"role\":\"system\"},{\"content\":\""
  fileprivate static let numberLength = 17
  private static let corpusBytes = 1 << 20

  private let common: [[UInt8]]
  private let uniqueBytes: Int
  private let tail: [UInt8]
  private let corpus: [UInt8]
  private var number: UInt64
  private var random: SeededRandom

  /// - Parameters:
  ///   - shape: ``Shape/bytes`` is at least ``Shape/minimumBytes``.
  ///   - seed: the common parts follow from it.
  ///   - worker: tells sources apart that must not make the same body.
  package init(_ shape: Shape, seed: UInt64, worker: Int) {
    let text = max(0, shape.bytes - shape.minimumBytes)
    let commonBytes = Int(Double(text) * min(max(shape.common, 0), 1))
    common = (0..<max(1, shape.groups)).map { group in
      var text = SyntheticText(seed: seed &+ UInt64(group) &* 0x1_0001)
      return text.bytes(commonBytes)
    }
    uniqueBytes = text - commonBytes
    tail = shape.tail
    var text2 = SyntheticText(seed: seed ^ 0x5EED)
    corpus = text2.bytes(max(Self.corpusBytes, 2 * uniqueBytes))
    random = SeededRandom(seed: seed &+ UInt64(worker) &* 0x9E37)
    number = UInt64(worker) << 40
  }

  package func storeNext(into block: ByteBlock) {
    block.append(Self.head)
    block.append(common[common.count == 1 ? 0 : random.below(common.count)])
    block.append(Self.middle)
    number += 1
    let pointer = block.appendUninitialized(Self.numberLength)
    for index in 0..<16 {
      let digit = UInt8(truncatingIfNeeded: number >> UInt64(60 - 4 * index) & 15)
      pointer.storeBytes(of: digit < 10 ? 48 + digit : 87 + digit, toByteOffset: index, as: UInt8.self)
    }
    pointer.storeBytes(of: UInt8(ascii: " "), toByteOffset: 16, as: UInt8.self)
    let offset = random.below(corpus.count - uniqueBytes)
    corpus.withUnsafeBytes { block.append(UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + uniqueBytes)])) }
    block.append(tail)
  }
}
