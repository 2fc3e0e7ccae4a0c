/// The members of responses that matter, by the object they are in.
enum UsageMember {
  /// The objects on the way to the counts.
  enum Scope: UInt8 {
    /// The document itself.
    case document
    /// An object in it that repeats what a response without a stream says.
    case wrapper
    /// The object with the counts.
    case usage
    /// An object in that with details of the prompt's tokens.
    case details
  }

  case none
  case type
  case wrapper
  case usage
  case details
  case promptTokens
  case inputTokens
  case completionTokens
  case outputTokens
  case totalTokens
  case cachedTokens

  init(_ key: JSONKey, in scope: Scope, of family: ResponseFamily) {
    switch scope {
    case .document: self = Self.inDocument(key, of: family)
    case .wrapper: self = "usage" ~= key ? .usage : .none
    case .usage: self = Self.inUsage(key, of: family)
    case .details: self = "cached_tokens" ~= key ? .cachedTokens : .none
    }
  }

  private static func inDocument(_ key: JSONKey, of family: ResponseFamily) -> UsageMember {
    switch key {
    case "type": .type
    case "usage": family == .openAI || family == .anthropic ? .usage : .none
    case "meta_info": family == .sglang ? .usage : .none
    case "response": family == .openAI ? .wrapper : .none
    case "message": family == .anthropic ? .wrapper : .none
    default: .none
    }
  }

  private static func inUsage(_ key: JSONKey, of family: ResponseFamily) -> UsageMember {
    switch key {
    case "prompt_tokens": .promptTokens
    case "input_tokens": .inputTokens
    case "completion_tokens": .completionTokens
    case "output_tokens": .outputTokens
    case "total_tokens": .totalTokens
    case "cache_read_input_tokens": family == .anthropic ? .cachedTokens : .none
    case "cached_tokens": family == .sglang ? .cachedTokens : .none
    // The last one is not in the API but in the wild.
    case "prompt_tokens_details", "input_tokens_details", "prompt_token_details": .details
    default: .none
    }
  }

  var isCount: Bool {
    switch self {
    case .promptTokens, .inputTokens, .completionTokens, .outputTokens, .totalTokens, .cachedTokens: true
    case .none, .type, .wrapper, .usage, .details: false
    }
  }
}
