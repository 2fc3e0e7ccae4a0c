import CAccelerate

/// Collects the segments of a request's prompts in memory that is reused from request to request.
final class PromptBuilder {
  /// Tokens that stand for one image of unknown size: 640 × 360 pixels, 1,024 to a token.
  static let tokensPerImage = 225
  /// Frames that stand for one video of unknown length: 10 s, sampled twice a second.
  static let framesPerVideo = 20
  /// Images and videos beyond this many count one token each, so that a small body can't ask for much memory.
  static let maximumExpandedMedia = 1_024

  private static let keptSegments = 65_536
  private static let keptBytes = 1 << 20

  private var segments = ScratchBuffer<UnsafeRawBufferPointer>(capacity: 256)
  private var ends = ScratchBuffer<Int>(capacity: 16)
  private var arena = ByteArena(capacity: 16 << 10)
  private let zeros: UnsafeMutableRawBufferPointer

  private var byteCountOfPrompt = 0
  private var expandedMedia = 0
  /// Images, videos and pieces of audio so far.
  private(set) var mediaItems = 0
  private(set) var byteCount = 0
  private(set) var tokenCount = 0

  init() {
    zeros = .allocate(byteCount: 4, alignment: 4)
    zeros.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit {
    zeros.deallocate()
  }

  var prompts: PromptSegments {
    PromptSegments(segments: segments.elements, ends: ends.elements)
  }

  func reset() {
    segments.reset(keepingCapacity: Self.keptSegments)
    ends.reset(keepingCapacity: Self.keptSegments)
    arena.reset(keepingCapacity: Self.keptBytes)
    byteCountOfPrompt = 0
    expandedMedia = 0
    mediaItems = 0
    byteCount = 0
    tokenCount = 0
  }

  /// Appends bytes that outlive the request's views.
  @inline(__always)
  func append(_ bytes: UnsafeRawBufferPointer) {
    guard !bytes.isEmpty else { return }
    segments.append(bytes)
    byteCountOfPrompt += bytes.count
  }

  func appendMinified(_ value: JSONValue) {
    append(arena.minify(value))
  }

  /// Appends a string as its text and any other value as minified JSON.
  func appendTextOrJSON(_ value: JSONValue) {
    if let text = value.string { append(text) } else { appendMinified(value) }
  }

  /// Appends bytes that may go away before the request's views do.
  func append(copyOf bytes: UnsafeRawBufferPointer) {
    let copy = arena.allocate(bytes.count)
    copy.copyMemory(from: bytes)
    append(UnsafeRawBufferPointer(copy))
  }

  /// A copy of bytes, no part of a prompt, with `padding` readable bytes behind it. It lives as long as the request.
  func copy(_ bytes: UnsafeRawBufferPointer, padding: Int) -> UnsafeRawBufferPointer {
    let copy = arena.allocate(bytes.count + padding)
    copy.copyMemory(from: bytes)
    return UnsafeRawBufferPointer(rebasing: copy[..<bytes.count])
  }

  /// Appends an array of unsigned 32-bit integers as little-endian words; nil if it holds anything else. The words may
  /// be changed until the prompt ends.
  func appendTokenIDs(_ value: JSONValue) -> UnsafeMutableRawBufferPointer? {
    let room = arena.allocate(4 * epp_json_max_count(value.raw))
    guard let start = room.baseAddress else { return nil }
    let count = epp_json_copy_uint32s(value.raw, start.assumingMemoryBound(to: UInt8.self))
    guard count >= 0 else { return nil }
    let words = UnsafeMutableRawBufferPointer(start: start, count: 4 * count)
    append(UnsafeRawBufferPointer(words))
    return words
  }

  /// Appends up to `maximumCount` token ids that `next` yields as little-endian words. The words may be changed until
  /// the prompt ends.
  func appendTokenIDs(maximumCount: Int, _ next: () -> UInt32?) -> UnsafeMutableRawBufferPointer {
    let room = arena.allocate(4 * maximumCount)
    var end = 0
    while end < room.count, let id = next() {
      room.storeBytes(of: id.littleEndian, toByteOffset: end, as: UInt32.self)
      end += 4
    }
    arena.giveBack(room.count - end)
    let words = UnsafeMutableRawBufferPointer(rebasing: room[..<end])
    append(UnsafeRawBufferPointer(words))
    return words
  }

  /// Appends an image, known by `key`, as the tokens it is estimated to take.
  func appendImage(key: UnsafeRawBufferPointer) {
    appendMedia(key: key, frames: 1)
  }

  /// Appends a video, known by `key`, as the tokens it is estimated to take.
  func appendVideo(key: UnsafeRawBufferPointer) {
    appendMedia(key: key, frames: Self.framesPerVideo)
  }

  /// Appends content of unknown length as the 8 bytes of its key's hash.
  func appendHash(of key: UnsafeRawBufferPointer) {
    align()
    mediaItems += 1
    let hash = epp_xxh64(key.baseAddress, key.count, 0)
    let bytes = arena.allocate(8)
    bytes.storeBytes(of: hash.littleEndian, as: UInt64.self)
    append(UnsafeRawBufferPointer(bytes))
  }

  /// Appends a block of an unknown type as the hash of all that it says.
  func appendHash(ofMinified value: JSONValue) {
    let json = arena.minify(value)
    let hash = epp_xxh64(json.baseAddress, json.count, 0)
    arena.giveBack(json.count)
    align()
    let bytes = arena.allocate(8)
    bytes.storeBytes(of: hash.littleEndian, as: UInt64.self)
    append(UnsafeRawBufferPointer(bytes))
  }

  func endPrompt() {
    ends.append(segments.count)
    byteCount += byteCountOfPrompt
    tokenCount += (byteCountOfPrompt + 3) / 4
    byteCountOfPrompt = 0
  }

  /// Pads the prompt so far to whole tokens.
  private func align() {
    let rest = byteCountOfPrompt % 4
    guard rest > 0 else { return }
    append(UnsafeRawBufferPointer(rebasing: zeros[..<(4 - rest)]))
  }

  private func appendMedia(key: UnsafeRawBufferPointer, frames: Int) {
    align()
    let expands = expandedMedia < Self.maximumExpandedMedia
    expandedMedia += 1
    mediaItems += 1
    let word = UInt32(truncatingIfNeeded: epp_xxh64(key.baseAddress, key.count, 0)).littleEndian
    let frame = arena.allocate(4 * (expands ? Self.tokensPerImage : 1))
    for offset in stride(from: 0, to: frame.count, by: 4) {
      frame.storeBytes(of: word, toByteOffset: offset, as: UInt32.self)
    }
    // Every frame of a video is the same run of words, so its segments share one copy.
    for _ in 0..<(expands ? frames : 1) {
      append(UnsafeRawBufferPointer(frame))
    }
  }
}
