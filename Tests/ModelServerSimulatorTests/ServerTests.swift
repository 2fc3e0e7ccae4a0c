import Foundation
import ModelServerSimulator
import Testing

@Suite struct ServerTests {
  private let chat = #"{"model":"m","messages":[{"role":"user","content":"hello"}],"max_tokens":3"#

  // MARK: Completions

  @Test func chatAnswersWithJSON() throws {
    let server = try RunningServer()
    let response = try server.client().request("POST", "/v1/chat/completions", body: chat + "}")
    let json = try parse(response.body)
    #expect(response.status == 200)
    #expect(response.headers["content-type"] == "application/json")
    #expect(at(json, "object") as? String == "chat.completion")
    #expect(at(json, "model") as? String == "m")
    #expect(at(json, "choices", 0, "message", "role") as? String == "assistant")
    #expect((at(json, "choices", 0, "message", "content") as? String)?.utf8.count == 12)
    #expect(at(json, "choices", 0, "finish_reason") as? String == "length")
    #expect(at(json, "usage", "completion_tokens") as? Int == 3)
    #expect(at(json, "usage", "prompt_tokens_details", "cached_tokens") as? Int == 0)
    let prompt = try #require(at(json, "usage", "prompt_tokens") as? Int)
    #expect(prompt >= 2)
    #expect(at(json, "usage", "total_tokens") as? Int == prompt + 3)
  }

  @Test func textPromptsCountFourBytesAToken() throws {
    let server = try RunningServer { $0.defaultOutputTokens = 5 }
    let client = try server.client()
    let text = try parse(client.request("POST", "/v1/completions", body: #"{"prompt":"na\u00efve ✓ word"}"#).body)
    #expect(at(text, "object") as? String == "text_completion")
    #expect(at(text, "model") as? String == "meta-llama/Llama-3.1-8B-Instruct")
    #expect(at(text, "usage", "prompt_tokens") as? Int == 4)
    #expect(at(text, "usage", "completion_tokens") as? Int == 5)
    #expect(at(text, "choices", 0, "finish_reason") as? String == "stop")
    let tokens = try parse(client.request("POST", "/v1/completions", body: #"{"prompt":[[1,2,70000]]}"#).body)
    #expect(at(tokens, "usage", "prompt_tokens") as? Int == 3)
  }

  @Test func stringsAreReadToTheByteWhateverTheirLength() throws {
    let client = try RunningServer().client()
    for length in 0..<20 {
      let plain = String(repeating: "é", count: length / 2) + String(repeating: "x", count: length % 2)
      let good = try client.request("POST", "/v1/completions", body: #"{"prompt":"\#(plain)\"\n\\\ud83d\ude00\ud800"}"#)
      // Behind the plain bytes: three escapes of one byte, an emoji of four, a lone surrogate as U+FFFD of three.
      #expect(try at(parse(good.body), "usage", "prompt_tokens") as? Int == (length + 10 + 3) / 4)
      let bad = try client.request("POST", "/v1/completions", body: "{\"prompt\":\"\(plain)\u{1}\"}")
      #expect(bad.status == 400)
      #expect(bad.text.contains("byte \(11 + length)"))
    }
  }

  @Test func aContinuedConversationHitsThePrefixCache() throws {
    let server = try RunningServer()
    let client = try server.client()
    let long = String(repeating: "The quick brown fox. ", count: 60)
    let first = #"{"role":"user","content":"\#(long)"}"#
    _ = try client.request("POST", "/v1/chat/completions", body: #"{"messages":[\#(first)]}"#)
    let second = try client.request(
      "POST", "/v1/chat/completions", body: #"{"messages":[\#(first),{"content":[{"type":"text","text":"And?"}]}]}"#)
    let cached = try #require(at(parse(second.body), "usage", "prompt_tokens_details", "cached_tokens") as? Int)
    // The first prompt is 10 bytes of role, the text and a line end: 317 tokens, 19 full blocks.
    #expect(cached == 19 * 16)
    #expect(try server.statistics()["cached_tokens"] == cached)
    #expect(
      try server.metrics()[#"vllm:prefix_cache_hits_total{engine="0",model_name="meta-llama/Llama-3.1-8B-Instruct"}"#]
        == Double(cached))
  }

  @Test(arguments: [
    ("/v1/chat/completions", "{", ""), ("/v1/chat/completions", "{} x", ""), ("/v1/chat/completions", "[]", ""),
    ("/v1/chat/completions", "{}", "messages"), ("/v1/chat/completions", #"{"messages":[]}"#, "messages"),
    ("/v1/chat/completions", #"{"messages":"hi"}"#, "messages"), ("/v1/completions", "{}", "prompt"),
    ("/v1/completions", #"{"prompt":"a","max_tokens":0}"#, "max_tokens"),
    ("/v1/completions", #"{"prompt":"a","max_tokens":1e99}"#, "max_tokens"),
    ("/v1/completions", #"{"prompt":"a","stream":"yes"}"#, "stream"),
    ("/v1/completions", #"{"prompt":"a","n":2}"#, "n"), ("/v1/completions", #"{"prompt":["a","b"]}"#, "prompt"),
    ("/v1/completions", #"{"prompt":[-1]}"#, "prompt"), ("/v1/completions", #"{"prompt":"\ud8"}"#, ""),
    ("/v1/completions", #"{"prompt":"a","x":"# + String(repeating: "[", count: 200), ""),
    ("/v1/completions", #"{"prompt":"a","max_tokens":9000000}"#, ""),
  ])
  func badRequestsAreExplained(path: String, body: String, field: String) throws {
    let response = try RunningServer().client().request("POST", path, body: body)
    let json = try parse(response.body)
    #expect(response.status == 400)
    #expect(at(json, "error", "type") as? String == "BadRequestError")
    #expect(at(json, "error", "code") as? Int == 400)
    #expect(at(json, "error", "param") as? String ?? "" == field)
    #expect((at(json, "error", "message") as? String)?.isEmpty == false)
  }

  @Test func unknownModelsAreRefusedOnlyWhenStrict() throws {
    let strict = try RunningServer {
      $0.strictModel = true
      $0.models = ["base", "alias"]
      $0.adapters = ["lora"]
    }
    let client = try strict.client()
    for (model, status) in [("base", 200), ("alias", 200), ("lora", 200), ("other", 404)] {
      let response = try client.request("POST", "/v1/completions", body: #"{"model":"\#(model)","prompt":"a"}"#)
      #expect(response.status == status, "\(model)")
    }
    let models = try parse(client.request("GET", "/v1/models").body)
    #expect((at(models, "data") as? [Any])?.compactMap { at($0, "id") as? String } == ["base", "alias", "lora"])
  }

  // MARK: Streams

  private func events(_ response: HTTPClient.Response) throws -> [String] {
    let parts = response.text.components(separatedBy: "\n\n")
    #expect(parts.last == "")
    return try parts.dropLast().map { part in
      try #require(part.hasPrefix("data: "))
      return String(part.dropFirst(6))
    }
  }

  @Test func chatStreamsChunksAndUsage() throws {
    let server = try RunningServer()
    let client = try server.client()
    let response = try client.request(
      "POST", "/v1/chat/completions", body: chat + #","stream":true,"stream_options":{"include_usage":true}}"#)
    #expect(response.headers["content-type"]?.hasPrefix("text/event-stream") == true)
    #expect(response.headers["transfer-encoding"] == "chunked")
    let events = try events(response)
    #expect(events.last == "[DONE]")
    let chunks = try events.dropLast().map { try parse($0.utf8) }
    #expect(chunks.allSatisfy { at($0, "object") as? String == "chat.completion.chunk" })
    #expect(Set(chunks.compactMap { at($0, "id") as? String }).count == 1)
    #expect(at(chunks[0], "choices", 0, "delta", "role") as? String == "assistant")
    #expect(chunks.count == 5)
    #expect(at(chunks[2], "choices", 0, "finish_reason") is NSNull)
    #expect(at(chunks[3], "choices", 0, "finish_reason") as? String == "length")
    #expect((at(chunks[4], "choices") as? [Any])?.isEmpty == true)
    #expect(at(chunks[4], "usage", "completion_tokens") as? Int == 3)
    #expect(chunks.dropLast().allSatisfy { at($0, "usage") == nil })
    // The stream says what the JSON answer says.
    let streamed = chunks.compactMap { at($0, "choices", 0, "delta", "content") as? String }.joined()
    let whole = try parse(client.request("POST", "/v1/chat/completions", body: chat + "}").body)
    #expect(at(whole, "choices", 0, "message", "content") as? String == streamed)
  }

  @Test func textStreamsArriveStepByStepInRealTime() throws {
    let server = try RunningServer { $0.timeScale = 1 }
    let response = try server.client().request(
      "POST", "/v1/completions",
      body:
        #"{"prompt":"a","max_tokens":4,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true}}"#
    )
    let events = try events(response)
    let chunks = try events.dropLast().map { try parse($0.utf8) }
    #expect(chunks.allSatisfy { at($0, "object") as? String == "text_completion" })
    #expect(chunks.map { at($0, "usage", "completion_tokens") as? Int } == [1, 2, 3, 4, 4])
    #expect(events.last == "[DONE]")
    #expect(response.chunks.count > 1)
  }

  @Test func streamsOfOneConnectionFollowEachOther() throws {
    let server = try RunningServer { $0.timeScale = 0.1 }
    let client = try server.client()
    let body = chat + #","stream":true}"#
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: \(body.utf8.count)\r\n\r\n"
    try client.send(head + body + head + body + "GET /health HTTP/1.1\r\nhost: a\r\n\r\n")
    for _ in 0..<2 { #expect(try events(client.readResponse()).last == "[DONE]") }
    #expect(try client.readResponse().status == 200)
  }

  @Test func aClientThatLeavesFreesItsBlocks() throws {
    let server = try RunningServer { $0.timeScale = 1 }
    for stream in [true, false] {
      var client: HTTPClient? = try server.client()
      let body = #"{"prompt":"abc","max_tokens":100000,"stream":\#(stream)}"#
      try client?.send("POST /v1/completions HTTP/1.1\r\nhost: a\r\ncontent-length: \(body.utf8.count)\r\n\r\n" + body)
      let during = try server.wait { $0["used_blocks"] ?? 0 > 0 }
      #expect(during["running"] == 1)
      client = nil
      let after = try server.wait { $0["in_flight"] == 0 }
      #expect(after["in_flight"] == 0)
      #expect(after["used_blocks"] == 0)
    }
    #expect(try server.statistics()["cancelled"] == 2)
    #expect(
      try server.metrics()[
        #"vllm:request_success_total{engine="0",finished_reason="abort",model_name="meta-llama/Llama-3.1-8B-Instruct"}"#
      ]
        == 2)
  }

  // MARK: Byte identity

  @Test func everyAnswerTellsWhoGotWhat() throws {
    let server = try RunningServer()
    let client = try server.client()
    let body = chat + "}"
    for (method, path) in [("POST", "/v1/chat/completions"), ("POST", "/nope"), ("GET", "/metrics"), ("POST", "/echo")]
    {
      let response = try client.request(method, path, body: body)
      #expect(response.headers["x-model-server"] == server.fleet.addresses[0])
      #expect(response.headers["x-request-body-bytes"] == "\(body.utf8.count)")
      #expect(response.headers["x-request-body-fnv1a64"] == fnv1a64(Array(body.utf8)))
    }
    #expect(try client.request("GET", "/health").headers["x-request-body-fnv1a64"] == "cbf29ce484222325")
  }

  @Test func chunkedUploadsArriveWhole() throws {
    let client = try RunningServer().client()
    let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    try client.send("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
    var rest = bytes[...]
    for size in [1, 7, 16_384, 100_000, bytes.count] where !rest.isEmpty {
      let part = rest.prefix(size)
      rest = rest.dropFirst(size)
      try client.send(Array("\(String(part.count, radix: 16))\r\n".utf8) + part + Array("\r\n".utf8))
    }
    try client.send("0\r\n\r\n")
    let response = try client.readResponse()
    #expect(response.body == bytes)
    #expect(response.headers["x-request-body-fnv1a64"] == fnv1a64(bytes))
  }

  @Test func anExpectedContinueIsSent() throws {
    let client = try RunningServer().client()
    try client.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n")
    #expect(try client.readHead().status == 100)
    try client.send("ok")
    #expect(try client.readResponse().text == "ok")
  }

  // MARK: Fleet

  @Test func aTakenPortIsReported() throws {
    let server = try RunningServer()
    let parts = server.fleet.addresses[0].split(separator: ":")
    let taken = try ListenAddress.expand(
      host: String(parts[0]), port: #require(Int(parts[1])), count: 1, sameHost: false)
    let error = #expect(throws: ListenError.self) { try ModelServerFleet.start(SimulatorConfiguration(), on: taken) }
    #expect(error?.description.contains("\(server.fleet.addresses[0])") == true)
  }

  @Test func instancesGetConsecutiveAddresses() throws {
    let hosts = try ListenAddress.expand(host: "127.0.0.254", port: 80, count: 3, sameHost: false)
    #expect(hosts.map(\.description) == ["127.0.0.254:80", "127.0.0.255:80", "127.0.1.0:80"])
    let ports = try ListenAddress.expand(host: "127.0.0.1", port: 65534, count: 2, sameHost: true)
    #expect(ports.map(\.port) == [65534, 65535])
    #expect(throws: ConfigurationError.self) {
      try ListenAddress.expand(host: "127.0.0.1", port: 65535, count: 2, sameHost: true)
    }
    #expect(throws: ConfigurationError.self) {
      try ListenAddress.expand(host: "localhost", port: 80, count: 1, sameHost: true)
    }
  }

  @Test func serversAreIndependent() throws {
    let fleet = try ModelServerFleet.start(
      SimulatorConfiguration(), on: ListenAddress.expand(host: "127.0.0.1", port: 0, count: 3, sameHost: true),
      threads: 2)
    defer { try? fleet.stop() }
    #expect(Set(fleet.addresses).count == 3)
    _ = try HTTPClient(fleet.addresses[0]).request("POST", "/control", body: #"{"fail_metrics":true}"#)
    let statuses = try fleet.addresses.map { try HTTPClient($0).request("GET", "/metrics").status }
    #expect(statuses == [503, 200, 200])
  }
}
