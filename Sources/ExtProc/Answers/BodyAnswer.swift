/// Answers that carry a piece of a body back: `request_body` or `response_body` with a `streamed_response`.
///
/// `HttpBody` coming in and `StreamedBodyResponse` going out share their field numbers, so the piece is the received
/// bytes between a new head and tail, and nothing is packed anew.
public enum BodyAnswer {
  /// Follows the body bytes when they are the last: `end_of_stream = true`.
  public static let endOfStreamTail: StaticString = "\u{10}\u{01}"
  /// Most bytes a head can have.
  public static let maxHeadLength = 40

  /// Length of the head before `length` body bytes.
  @inline(__always)
  public static func headLength(_ length: Int, endOfStream: Bool) -> Int {
    let sizes = Sizes(length, endOfStream)
    return sizes.headLength
  }

  /// Stores the head before `length` body bytes.
  @inline(__always)
  public static func storeHead(
    _ direction: ProcessingMessage.Direction, _ length: Int, endOfStream: Bool, at start: UnsafeMutableRawPointer
  ) {
    let sizes = Sizes(length, endOfStream)
    var pointer = start
    put(&pointer, direction == .request ? 0x1A : 0x22, sizes.bodyResponse)  // ProcessingResponse.*_body
    put(&pointer, 0x0A, sizes.common)  // BodyResponse.response
    put(&pointer, 0x1A, sizes.mutation)  // CommonResponse.body_mutation
    put(&pointer, 0x1A, sizes.streamed)  // BodyMutation.streamed_response
    if length > 0 { put(&pointer, 0x0A, length) }  // StreamedBodyResponse.body
  }

  private struct Sizes {
    let streamed: Int
    let mutation: Int
    let common: Int
    let bodyResponse: Int
    let headLength: Int

    @inline(__always)
    init(_ length: Int, _ endOfStream: Bool) {
      let bodyField = length > 0 ? 1 + BodyAnswer.varintLength(length) : 0
      streamed = bodyField + length + (endOfStream ? 2 : 0)
      mutation = 1 + BodyAnswer.varintLength(streamed) + streamed
      common = 1 + BodyAnswer.varintLength(mutation) + mutation
      bodyResponse = 1 + BodyAnswer.varintLength(common) + common
      headLength = 1 + BodyAnswer.varintLength(bodyResponse) + bodyResponse - length - (endOfStream ? 2 : 0)
    }
  }

  @inline(__always)
  private static func varintLength(_ value: Int) -> Int {
    (64 - (value | 1).leadingZeroBitCount + 6) / 7
  }

  @inline(__always)
  private static func put(_ pointer: inout UnsafeMutableRawPointer, _ tag: UInt8, _ value: Int) {
    pointer.storeBytes(of: tag, as: UInt8.self)
    pointer += 1
    var rest = UInt64(value)
    while rest >= 0x80 {
      pointer.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, as: UInt8.self)
      pointer += 1
      rest >>= 7
    }
    pointer.storeBytes(of: UInt8(truncatingIfNeeded: rest), as: UInt8.self)
    pointer += 1
  }
}
