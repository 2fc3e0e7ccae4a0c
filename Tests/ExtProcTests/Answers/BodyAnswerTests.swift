import CEnvoyProtos
import ExtProc
import Testing

/// Heads and tails around body bytes are what protobuf-c reads as a streamed body.
@Suite struct BodyAnswerTests {
  private static let lengths = [
    0, 1, 2, 100, 117, 119, 121, 123, 125, 127, 128, 129, 16_370, 16_383, 16_384, 61_999, 62_000, 2_097_151, 2_097_152,
  ]

  @Test(arguments: lengths, [false, true])
  func streamedBodies(length: Int, endOfStream: Bool) throws {
    for direction in [ProcessingMessage.Direction.request, .response] {
      let body = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 13) }
      let head = BodyAnswer.headLength(length, endOfStream: endOfStream)
      #expect(head <= BodyAnswer.maxHeadLength)
      // One byte more than the head, to see that nothing is written there.
      var bytes = [UInt8](repeating: 0xEE, count: head + 1)
      bytes.withUnsafeMutableBytes { bytes in
        guard let start = bytes.baseAddress else { return }
        BodyAnswer.storeHead(direction, length, endOfStream: endOfStream, at: start)
      }
      #expect(bytes.removeLast() == 0xEE)
      bytes += body
      if endOfStream { bytes += BodyAnswer.endOfStreamTail.withUTF8Buffer { Array($0) } }

      let response = try Response(bytes)
      defer { response.free() }
      let message = response.message.pointee
      #expect(
        message.response_case
          == (direction == .request
            ? EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_REQUEST_BODY
            : EPP__EXT_PROC__PROCESSING_RESPONSE__RESPONSE_RESPONSE_BODY))
      let common = try #require(
        (direction == .request ? message.request_body : message.response_body)?.pointee.response)
      let mutation = try #require(common.pointee.body_mutation)
      #expect(mutation.pointee.mutation_case == EPP__EXT_PROC__BODY_MUTATION__MUTATION_STREAMED_RESPONSE)
      let streamed = try #require(mutation.pointee.streamed_response)
      #expect((array(streamed.pointee.body) == body) == true)
      #expect((streamed.pointee.end_of_stream != 0) == endOfStream)
      #expect(common.pointee.header_mutation == nil)
      #expect(message.dynamic_metadata == nil)
    }
  }

  /// What a proxy sent comes back as it was.
  @Test func answersWhatWasRead() throws {
    let body = Array("data: {\"choices\":[]}\n\n".utf8)
    let received = Packing().body(.response, body, endOfStream: true)
    let arena = Arena()
    let answer: [UInt8] = try received.withUnsafeBytes { bytes in
      guard case .body(let piece, let endOfStream) = try ProcessingMessage(bytes, arena: arena).content else {
        return []
      }
      let head = BodyAnswer.headLength(piece.count, endOfStream: endOfStream)
      var answer = [UInt8](repeating: 0, count: head)
      answer.withUnsafeMutableBytes { target in
        guard let start = target.baseAddress else { return }
        BodyAnswer.storeHead(.response, piece.count, endOfStream: endOfStream, at: start)
      }
      return answer + Array(piece) + BodyAnswer.endOfStreamTail.withUTF8Buffer { Array($0) }
    }
    let response = try Response(answer)
    defer { response.free() }
    let streamed = try #require(
      response.message.pointee.response_body?.pointee.response?.pointee.body_mutation?.pointee.streamed_response)
    #expect(array(streamed.pointee.body) == body)
    #expect(streamed.pointee.end_of_stream != 0)
  }
}
