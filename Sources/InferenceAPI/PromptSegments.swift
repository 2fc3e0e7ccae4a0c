/// The prompts of one request as spans of bytes, in order, without a copy that would join them.
///
/// A prompt is the concatenation of its segments. For text it is the estimate byte stream: what the request tells the
/// model, without separators, where every 4 bytes stand for one token and the end counts as padded with zeros to a
/// multiple of 4. For token ids it is the ids as 32-bit little-endian words, so that 4 bytes are a token there too.
///
/// A borrowed view; it lives as long as the `InferenceRequest` it belongs to. No segment is empty.
public struct PromptSegments {
  /// The segments of all prompts, one prompt after the other.
  public let segments: UnsafeBufferPointer<UnsafeRawBufferPointer>
  /// For each prompt the index into `segments` just past its last one.
  let ends: UnsafeBufferPointer<Int>

  /// Views of memory that the caller keeps.
  /// - Parameters:
  ///   - segments: of all prompts, one prompt after the other; none is empty.
  ///   - ends: for each prompt the index into `segments` just past its last one, ascending.
  public init(segments: UnsafeBufferPointer<UnsafeRawBufferPointer>, ends: UnsafeBufferPointer<Int>) {
    self.segments = segments
    self.ends = ends
  }

  /// The number of prompts.
  public var count: Int { ends.count }

  /// The segments of one prompt, `0..<count`.
  public subscript(prompt: Int) -> UnsafeBufferPointer<UnsafeRawBufferPointer> {
    let start = prompt == 0 ? 0 : ends[prompt - 1]
    return UnsafeBufferPointer(rebasing: segments[start..<ends[prompt]])
  }
}
