/// The counts of one usage object, by the names they have there.
struct UsageCounts {
  private var promptTokens: Int?
  private var inputTokens: Int?
  private var completionTokens: Int?
  private var outputTokens: Int?
  private var totalTokens: Int?
  private var cachedTokens: Int?

  mutating func set(_ member: UsageMember, to value: Int) {
    switch member {
    case .promptTokens: promptTokens = value
    case .inputTokens: inputTokens = value
    case .completionTokens: completionTokens = value
    case .outputTokens: outputTokens = value
    case .totalTokens: totalTokens = value
    case .cachedTokens: cachedTokens = value
    case .none, .type, .wrapper, .usage, .details: break
    }
  }

  /// Puts the counts into `usage`, which holds those of earlier events.
  func store(in usage: inout Usage, of family: ResponseFamily) {
    let prompt = promptTokens ?? inputTokens
    let completion = completionTokens ?? outputTokens
    if family == .anthropic {
      // Events add to what earlier ones said.
      usage.promptTokens = prompt ?? usage.promptTokens
      usage.completionTokens = completion ?? usage.completionTokens
      usage.cachedTokens = cachedTokens ?? usage.cachedTokens
    } else {
      usage.promptTokens = prompt
      usage.completionTokens = completion
      usage.cachedTokens = cachedTokens
    }
    usage.totalTokens = totalTokens
    if totalTokens == nil, family != .openAI, usage.promptTokens != nil || usage.completionTokens != nil {
      usage.totalTokens = (usage.promptTokens ?? 0) + (usage.completionTokens ?? 0)
    }
  }
}
