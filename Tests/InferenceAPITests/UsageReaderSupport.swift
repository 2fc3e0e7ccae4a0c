import InferenceAPI

/// What a reader made of a response.
struct ResponseReading: Equatable {
  var prompt: Int?
  var completion: Int?
  var total: Int?
  var cached: Int?
  var json: String?
  var events = 0
  var tokenEvents = 0

  /// Reads a response in the given pieces; nil for the counts if it tells none.
  init(
    _ pieces: some Sequence<some Collection<UInt8>>, _ family: ResponseFamily, _ format: ResponseFormat,
    reader: inout UsageReader
  ) {
    reader.begin(family: family, format: format)
    for piece in pieces {
      let reading = Array(piece).withUnsafeBytes { reader.read($0) }
      events += reading.eventCount
      tokenEvents += reading.tokenEventCount
    }
    guard let usage = reader.usage else { return }
    prompt = usage.promptTokens
    completion = usage.completionTokens
    total = usage.totalTokens
    cached = usage.cachedTokens
    json = String(decoding: usage.json, as: UTF8.self)
  }

  init(_ text: String, _ family: ResponseFamily, _ format: ResponseFormat) {
    var reader = UsageReader()
    self.init([Array(text.utf8)], family, format, reader: &reader)
  }

  init(_ text: String, _ format: ResponseFormat) {
    self.init(text, .openAI, format)
  }

  var hasUsage: Bool { json != nil }

  /// Prompt, completion, total and cached tokens.
  var counts: [Int?] { [prompt, completion, total, cached] }
}
