import Endpoints
import PickerConfiguration

/// `context-length-aware`: prefers endpoints made for prompts of the request's length, and drops others if told to.
///
/// A label says for which numbers of prompt tokens an endpoint is meant, as `min-max`. With c prompt tokens and
/// width = max − min, the score in range is 0.3 + 0.7 · (0.7 / (1 + width / 10,000) + 0.3 · (max − c) / width), 1 for a
/// width of 0; out of range it is 0.3 / (1 + d / 1,000) for the distance d to the range; 0.5 without the label and 0
/// when it makes no sense.
public struct ContextLengthAware: Filter, Scorer {
  /// What an endpoint's label says.
  enum Range: Equatable {
    case unlabelled
    case invalid
    case tokens(Int, Int)

    /// Reads a label value: two integers with one dash between them.
    init(_ value: String?) {
      guard let value else {
        self = .unlabelled
        return
      }
      let parts = value.split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 2, let low = Self.integer(parts[0]), let high = Self.integer(parts[1]), low <= high else {
        self = .invalid
        return
      }
      self = .tokens(low, high)
    }

    private static func integer(_ text: Substring) -> Int? {
      var text = text
      while let first = text.first, first.isWhitespace { text.removeFirst() }
      while let last = text.last, last.isWhitespace { text.removeLast() }
      return Int(text)
    }
  }

  /// The label that is read unless the configuration names another.
  public static let defaultLabel = "llm-d.ai/context-length-range"

  let filters: Bool
  private let ranges: SnapshotCache<[Range]>

  /// Creates the plugin.
  /// - Parameter filters: whether it drops endpoints as well.
  public init(label: String = defaultLabel, filters: Bool = false, attributes: AttributeSpace) {
    self.filters = filters
    ranges = SnapshotCache(attributes) { endpoint in Range(endpoint.labels[label]) }
  }

  /// Drops candidates that the prompt is too long or too short for.
  public func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) {
    guard filters else { return }
    let tokens = cycle.request.promptTokens
    let ranges = ranges.value(cycle)
    for position in keep.indices {
      switch ranges[cycle.snapshotIndex(position)] {
      case .unlabelled: break
      case .invalid: keep[position] = false
      case .tokens(let low, let high): keep[position] = low <= tokens && tokens <= high
      }
    }
  }

  /// Scores by how well the range fits.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    let tokens = Double(cycle.request.promptTokens)
    let ranges = ranges.value(cycle)
    for position in scores.indices {
      switch ranges[cycle.snapshotIndex(position)] {
      case .unlabelled: scores[position] = 0.5
      case .invalid: scores[position] = 0
      case .tokens(let low, let high): scores[position] = Self.score(tokens, Double(low), Double(high))
      }
    }
  }

  private static func score(_ tokens: Double, _ low: Double, _ high: Double) -> Double {
    if tokens < low { return 0.3 / (1 + (low - tokens) / 1_000) }
    if tokens > high { return 0.3 / (1 + (tokens - high) / 1_000) }
    let width = high - low
    guard width > 0 else { return 1 }
    return 0.3 + 0.7 * (0.7 / (1 + width / 10_000) + 0.3 * (high - tokens) / width)
  }
}

extension PluginRegistration {
  static let contextLengthAware = PluginRegistration(
    type: "context-length-aware", requires: [.tokenizedPrompt]
  ) { context in
    let label = context.parameters.string("label", default: ContextLengthAware.defaultLabel)
    if label.isEmpty { context.parameters.reject("label", "must not be empty") }
    return ContextLengthAware(
      label: label, filters: context.parameters.bool("enableFiltering", default: false), attributes: context.attributes)
  }
}
