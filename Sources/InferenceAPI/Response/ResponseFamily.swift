/// How responses of an API tell what they cost.
package enum ResponseFamily: Sendable, Hashable {
  /// `usage`, or `response.usage` in the last event of a Responses stream.
  case openAI
  /// `usage`, or `message.usage` of the first and `usage` of later events.
  case anthropic
  /// `meta_info`, in every event.
  case sglang
  /// `GenerateResponse` messages of vLLM's gRPC service.
  case vllmGenerate
  /// The `EmbedResponse` message of vLLM's gRPC service.
  case vllmEmbed
  /// Not at all.
  case none
}

extension InferenceRequest.API {
  /// How responses of this API tell what they cost.
  package var responseFamily: ResponseFamily {
    switch self {
    case .chatCompletions, .completions, .responses, .conversations, .embeddings, .imageGenerations, .vllmGenerate:
      .openAI
    case .messages: .anthropic
    case .sglangGenerate: .sglang
    case .vllmGRPCGenerate: .vllmGenerate
    case .vllmGRPCEmbed: .vllmEmbed
    case .passthrough, .notInference: .none
    }
  }
}
