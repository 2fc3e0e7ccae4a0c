import CAccelerate
import InferenceAPI

/// Reads what a vLLM renderer says: for a chat `{"token_ids": […], "features": {"mm_hashes": …, "mm_placeholders": …}}`,
/// for text completions a list of these, one for each prompt.
///
/// One for each event loop; the tokens live until the next answer is read.
final class RenderedPrompts {
  private static let maximumBytes = 16 << 20
  /// Items of one answer whose places are remembered; more are not told apart.
  private static let maximumMedia = 1_024
  private static let keptBytes = 4 << 20

  private let parser = JSONParser(maximumDocumentBytes: maximumBytes)
  private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var segments: UnsafeMutableBufferPointer<UnsafeRawBufferPointer> = .init(start: nil, count: 0)
  private var ends: UnsafeMutableBufferPointer<Int> = .init(start: nil, count: 0)
  /// The media in the prompts.
  private(set) var media: [TokenizedMedia] = []

  deinit {
    free()
  }

  /// The tokens read last.
  var prompts: PromptSegments {
    PromptSegments(segments: UnsafeBufferPointer(segments), ends: UnsafeBufferPointer(ends))
  }

  /// Reads an answer.
  /// - Returns: false unless it has tokens for at least one prompt, and nothing but tokens.
  func read(_ body: [UInt8]) -> Bool {
    media = []
    free()
    let padded = body + [UInt8](repeating: 0, count: JSONParser.padding)
    defer { parser.releaseExcess(above: Self.keptBytes) }
    return padded.withUnsafeBytes { bytes in
      guard let root = try? parser.parse(UnsafeRawBufferPointer(rebasing: bytes[..<body.count])) else { return false }
      let documents = root.elements.map { Array($0) } ?? [root]
      let tokens = documents.compactMap { $0.last("token_ids") }
      guard !tokens.isEmpty, tokens.count == documents.count, copy(tokens) else { return false }
      for (prompt, document) in documents.enumerated() { readMedia(document.last("features"), of: prompt) }
      return true
    }
  }

  /// Copies all lists of tokens; false if one holds anything else.
  private func copy(_ lists: [JSONValue]) -> Bool {
    guard lists.allSatisfy({ $0.kind == .array }) else { return false }
    let room = lists.reduce(0) { $0 + 4 * epp_json_max_count($1.raw) }
    memory = .allocate(byteCount: max(room, 4), alignment: 4)
    var spans: [UnsafeRawBufferPointer] = []
    var last: [Int] = []
    var end = 0
    for list in lists {
      guard let start = memory.baseAddress.map({ $0 + end }) else { return false }
      let count = epp_json_copy_uint32s(list.raw, start.assumingMemoryBound(to: UInt8.self))
      guard count >= 0 else { return false }
      if count > 0 { spans.append(UnsafeRawBufferPointer(start: start, count: 4 * count)) }
      last.append(spans.count)
      end += 4 * count
    }
    segments = .allocate(capacity: max(spans.count, 1))
    _ = segments.initialize(fromContentsOf: spans)
    segments = UnsafeMutableBufferPointer(start: segments.baseAddress, count: spans.count)
    ends = .allocate(capacity: max(last.count, 1))
    _ = ends.initialize(fromContentsOf: last)
    return !spans.isEmpty
  }

  /// Reads for each modality its hashes and where the items are; what does not fit together is left out.
  private func readMedia(_ features: JSONValue?, of prompt: Int) {
    guard let hashes = features?.last("mm_hashes")?.members, let places = features?.last("mm_placeholders") else {
      return
    }
    for (modality, list) in hashes {
      guard let names = list.elements, let spans = places.last(modality)?.elements else { continue }
      for (name, span) in zip(names, spans) {
        guard media.count < Self.maximumMedia else { return }
        guard let hash = name.string, let offset = span.last("offset")?.integer,
          let length = span.last("length")?.integer, offset >= 0, length > 0, length <= Self.maximumBytes,
          offset <= Self.maximumBytes
        else { continue }
        media.append(TokenizedMedia(prompt: prompt, offset: offset, length: length, hash: Array(hash)))
      }
    }
  }

  private func free() {
    memory.deallocate()
    segments.deallocate()
    ends.deallocate()
    memory = .init(start: nil, count: 0)
    segments = .init(start: nil, count: 0)
    ends = .init(start: nil, count: 0)
  }
}
