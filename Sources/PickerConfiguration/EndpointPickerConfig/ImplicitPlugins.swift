/// Plugins that a document may refer to without defining them, because they are created on demand under the names of
/// their types.
public struct ImplicitPlugins: Sendable, Hashable {
  /// For `saturationDetector`.
  public var saturationDetectors: Set<String>
  /// For `parser` and `requestHandler.parsers`.
  public var parsers: Set<String>
  /// For the policies of `flowControl`.
  public var flowControlPolicies: Set<String>

  /// Names for each kind of reference.
  public init(saturationDetectors: Set<String>, parsers: Set<String>, flowControlPolicies: Set<String>) {
    self.saturationDetectors = saturationDetectors
    self.parsers = parsers
    self.flowControlPolicies = flowControlPolicies
  }

  /// The plugins that both families of EPP create.
  public static let standard = ImplicitPlugins(
    saturationDetectors: ["utilization-detector"],
    parsers: ["openai-parser", "anthropic-parser", "vllmhttp-parser", "passthrough-parser"],
    flowControlPolicies: ["fcfs-ordering-policy", "global-strict-fairness-policy", "static-usage-limit-policy"])
}
