import Endpoints

/// A value that expressions in configurations can name.
enum SchedulingValue: Sendable {
  /// A value of the request.
  enum OfRequest: String, Sendable, CaseIterable {
    /// Tokens of the prompts, counted or estimated at four bytes each.
    case promptTokens
    /// The client's limit of output tokens; missing without one.
    case maxOutputTokens
    /// Bytes of the body.
    case bodyBytes
    /// Images, videos and audio clips in the prompts.
    case mediaItems
    /// Priority of the request's objective.
    case priority
    /// Whether the client asked for a stream.
    case streaming
    /// Number of candidates that are left.
    case candidates
  }

  /// A value of each endpoint.
  enum OfEndpoint: String, Sendable, CaseIterable {
    /// Requests waiting, those placed since the last scrape included.
    case queue
    /// Requests running, those placed since the last scrape included.
    case running
    /// Used part of the KV cache, 0…1.
    case kvUsage
    /// Requests in flight, placed by this process.
    case inFlightRequests
    /// Prompt tokens in flight that wait for their first token of output.
    case inFlightTokens
    /// Seconds since the last successful scrape; infinite before the first.
    case scrapeAge
    /// Tokens of one KV cache block; 0 if unknown.
    case cacheBlockSize
    /// Number of KV cache blocks; 0 if unknown.
    case cacheBlocks
    /// Part of the prompt's blocks that is cached, 0…1.
    case prefixMatch
    /// Tokens of the prompt that are cached.
    case matchedTokens
    /// Tokens of the prompt that are not cached.
    case uncachedTokens
    /// Whether the model asked for is an adapter that is loaded.
    case loraActive
    /// Whether the model asked for is an adapter that requests wait for.
    case loraWaiting
    /// How many more adapters fit.
    case loraFree
    /// Whether the server's model list (`models-data-source`) has the model asked for.
    case modelListed

    var isBoolean: Bool { self == .loraActive || self == .loraWaiting || self == .modelListed }
  }

  case ofRequest(OfRequest)
  case ofEndpoint(OfEndpoint)
  /// The model that will be asked for.
  case model
  /// A request header by its lower-case name.
  case header(String)
  /// The number in a request header.
  case headerNumber(String)
  case label(SnapshotCache<LabelValues>)
  /// The number in a label.
  case labelNumber(SnapshotCache<[Double]>)
  /// A custom metric of `core-metrics-extractor`, or what another data source writes.
  case attribute(ColumnID)
}

/// A label's values of all endpoints as numbers, so that a request compares text once for each different value.
struct LabelValues: Sendable {
  /// The different values.
  private(set) var texts: [String] = []
  /// For each endpoint the index of its value; endpoints without the label have the empty text.
  private(set) var indexes: [Int] = []

  init(_ snapshot: EndpointSnapshot, key: String) {
    var known: [String: Int] = [:]
    for endpoint in snapshot.endpoints {
      let text = endpoint.labels[key] ?? ""
      let index = known[text] ?? texts.count
      if index == texts.count {
        texts.append(text)
        known[text] = index
      }
      indexes.append(index)
    }
  }
}
