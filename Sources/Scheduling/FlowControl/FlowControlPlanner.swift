import FlowControl
import PickerConfiguration

/// Turns the `flowControl` section into settings (EndpointPickerConfig, flow control defaults).
struct FlowControlPlanner {
  static let defaultFairness = "global-strict-fairness-policy"
  static let defaultOrdering = "fcfs-ordering-policy"
  static let defaultUsageLimit = "static-usage-limit-policy"
  /// Bytes that wait in a band that says nothing, or 0.
  private static let defaultBandBytes = 1_000_000_000
  /// The same for requests. The older API version has no limit.
  private static let defaultBandRequests = 5_000
  private static let defaultTimeToLive = 60.0

  let lineage: Lineage
  let section: FlowControlSection?
  private let instances: [PluginInstance]
  private(set) var problems: [ConfigurationProblem] = []

  init(lineage: Lineage, section: FlowControlSection?, instances: [PluginInstance]) {
    self.lineage = lineage
    self.section = section
    self.instances = instances
  }

  /// Makes the settings; nil when something is wrong.
  mutating func settings() -> FlowControlSettings? {
    guard
      let usageLimit: any UsageLimitPolicy = policy(
        section?.usageLimitPolicy, Self.defaultUsageLimit, "a usage limit policy"),
      let defaultBand = band(section?.defaultPriorityBand),
      let negativeBand = band(section?.defaultNegativePriorityBand ?? section?.defaultPriorityBand)
    else { return nil }
    var settings = FlowControlSettings(defaultBand: defaultBand, usageLimit: usageLimit)
    settings.defaultNegativeBand = negativeBand
    for specification in section?.priorityBands ?? [] {
      if let band = band(specification) { settings.bands[specification.priority] = band }
    }
    settings.maxBytes = limit(section?.maxBytes) ?? .max
    settings.maxRequests = limit(section?.maxRequests) ?? .max
    let timeToLive = section?.defaultRequestTTL?.seconds
    let withoutEndpoints = section?.noEndpointRequestTTL?.seconds
    settings.timeToLive = timeToLive ?? (lineage == .llmD ? Self.defaultTimeToLive : 0)
    // A time to live that is switched off leaves requests for a pool without endpoints with the default.
    settings.timeToLiveWithoutEndpoints =
      withoutEndpoints ?? (settings.timeToLive > 0 ? settings.timeToLive : Self.defaultTimeToLive)
    return problems.isEmpty ? settings : nil
  }

  private mutating func band(_ specification: FlowControlSection.PriorityBand?) -> FlowControlSettings.Band? {
    guard
      let fairness: any FairnessPolicy = policy(
        specification?.fairnessPolicy, Self.defaultFairness, "a fairness policy"),
      let ordering: any OrderingPolicy = policy(
        specification?.orderingPolicy, Self.defaultOrdering, "an ordering policy")
    else { return nil }
    let requests = limit(specification?.maxRequests)
    return FlowControlSettings.Band(
      maxBytes: limit(specification?.maxBytes) ?? Self.defaultBandBytes,
      maxRequests: requests ?? (lineage == .llmD ? Self.defaultBandRequests : .max), fairness: fairness,
      ordering: ordering)
  }

  /// A limit; nil for none and for 0, which mean the default.
  private func limit(_ quantity: Quantity?) -> Int? {
    quantity.flatMap { $0.value > 0 ? Int($0.value) : nil }
  }

  private mutating func policy<Policy>(_ reference: PluginReference?, _ defaultName: String, _ what: String) -> Policy?
  {
    let name = reference?.name ?? defaultName
    guard let instance = instances.first(where: { $0.name == name }) else { return nil }
    if let policy = instance.plugin as? Policy { return policy }
    note(reference?.location, "\"\(name)\" is not \(what)")
    return nil
  }

  private mutating func note(_ location: SourceLocation?, _ message: String) {
    let location = location ?? SourceLocation(source: "", path: "flowControl")
    problems.append(ConfigurationProblem(location, message))
  }
}
