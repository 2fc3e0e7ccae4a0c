import InferenceAPI
import Scheduling

/// Makes requests as the process does: a body, read by the parser of its API.
final class Requests {
  private let context = RequestParsingContext()

  /// A chat request with one user message. Its views end with the next request made here.
  func chat(_ content: String, model: String = "llama", cacheSalt: String? = nil) throws -> SchedulingRequest {
    let salt = cacheSalt.map { "\"cache_salt\":\"\($0)\"," } ?? ""
    return try parse(
      "{\"model\":\"\(model)\",\(salt)\"messages\":[{\"role\":\"user\",\"content\":\"\(content)\"}]}",
      path: "/v1/chat/completions")
  }

  /// A completions request with several prompts.
  func completions(_ prompts: [String]) throws -> SchedulingRequest {
    let list = prompts.map { "\"\($0)\"" }.joined(separator: ",")
    return try parse("{\"model\":\"llama\",\"prompt\":[\(list)]}", path: "/v1/completions")
  }

  /// A completions request whose prompts are tokens.
  func tokens(
    _ prompts: [[UInt32]], model: String = "llama", cacheSalt: String? = nil, isStreaming: Bool = false
  ) throws -> SchedulingRequest {
    let salt = cacheSalt.map { "\"cache_salt\":\"\($0)\"," } ?? ""
    return try parse(
      "{\"model\":\"\(model)\",\(salt)\"stream\":\(isStreaming),\"prompt\":\(prompts)}", path: "/v1/completions")
  }

  private func parse(_ body: String, path: String) throws -> SchedulingRequest {
    let padded = Array(body.utf8) + Array(repeating: UInt8(ascii: "\""), count: RequestParsingContext.bodyPadding)
    let count = body.utf8.count
    let inference = try padded.withUnsafeBytes { bytes in
      try Array(path.utf8).withUnsafeBytes { path in
        try OpenAIParser().parse(
          body: UnsafeRawBufferPointer(rebasing: bytes[..<count]), path: path, context: context)
      }
    }
    var request = SchedulingRequest()
    request.inference = inference
    request.targetModel = inference.model ?? request.targetModel
    request.bodyBytes = count
    return request
  }
}

/// Request headers kept in memory.
final class TestHeaders: RequestHeaders {
  private let values: [String: UnsafeMutableRawBufferPointer]

  init(_ headers: [String: String]) {
    values = headers.mapValues { value in
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: value.utf8.count, alignment: 1)
      memory.copyBytes(from: value.utf8)
      return memory
    }
  }

  deinit {
    for value in values.values { value.deallocate() }
  }

  func value(of name: String) -> UnsafeRawBufferPointer? { values[name].map(UnsafeRawBufferPointer.init) }
}
