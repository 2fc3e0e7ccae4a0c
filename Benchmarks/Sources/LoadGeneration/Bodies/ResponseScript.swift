import ByteStorage

/// The response that every stream of a run has: its messages, and the body that must come back. For one thread.
package final class ResponseScript {
  /// What the response is like.
  package enum Shape: Sendable, Hashable {
    /// The stream ends with the request.
    case none
    /// One JSON body.
    case json(bytes: Int)
    /// Server-sent events, one for each token.
    case events(count: Int, bytes: Int)
  }

  /// The message with the headers.
  let headers: [UInt8]
  /// All messages of the body, one after the other.
  let messages = ByteBlock()
  /// Where each message ends in ``messages``.
  private(set) var ends: [Int] = []
  /// The body.
  let body = ByteBlock()

  /// - Parameter separatesEnd: the end of the body comes in an empty message of its own, as Envoy often sends it.
  package init?(_ shape: Shape, separatesEnd: Bool) {
    var pieces: [[UInt8]]
    switch shape {
    case .none: return nil
    case .json(let bytes):
      headers = ProxyMessages.responseHeaders(contentType: "application/json")
      pieces = [Self.completion(bytes)]
    case .events(let count, let bytes):
      headers = ProxyMessages.responseHeaders(contentType: "text/event-stream")
      pieces = (0..<max(1, count)).map { Self.event($0, isLast: $0 == max(1, count) - 1, bytes) }
    }
    if separatesEnd { pieces.append([]) }
    for (index, piece) in pieces.enumerated() {
      let isLast = index == pieces.count - 1
      messages.append(ProxyMessages.responseBodyHead(count: piece.count, endOfStream: isLast))
      messages.append(piece)
      if isLast { messages.append(ProxyMessages.endOfStreamTail) }
      ends.append(messages.count)
      body.append(piece)
    }
  }

  private static let usage = "\"usage\":{\"prompt_tokens\":512,\"total_tokens\":576,\"completion_tokens\":64}"

  private static func completion(_ bytes: Int) -> [UInt8] {
    let head =
      "{\"id\":\"chatcmpl-0123456789abcdef\",\"object\":\"chat.completion\",\"created\":1704067200,"
      + "\"model\":\"model\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\""
    let tail = "\"},\"finish_reason\":\"stop\"}],\(usage)}"
    var text = SyntheticText(seed: 1)
    return Array(head.utf8) + text.bytes(max(0, bytes - head.utf8.count - tail.utf8.count)) + Array(tail.utf8)
  }

  private static func event(_ number: Int, isLast: Bool, _ bytes: Int) -> [UInt8] {
    if isLast {
      return Array(
        "data: {\"id\":\"chatcmpl-0123456789abcdef\",\"object\":\"chat.completion.chunk\",\"choices\":[],\(usage)}\n\n"
          .utf8) + Array("data: [DONE]\n\n".utf8)
    }
    let head =
      "data: {\"id\":\"chatcmpl-0123456789abcdef\",\"object\":\"chat.completion.chunk\",\"created\":1704067200,"
      + "\"model\":\"model\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
    let tail = "\"},\"finish_reason\":null}]}\n\n"
    var text = SyntheticText(seed: UInt64(number))
    return Array(head.utf8) + text.bytes(max(1, bytes - head.utf8.count - tail.utf8.count)) + Array(tail.utf8)
  }
}
