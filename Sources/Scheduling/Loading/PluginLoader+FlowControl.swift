import FlowControl
import PickerConfiguration

/// Flow control: the policies that nobody configured, and the settings.
extension PluginLoader {
  /// What queues requests in front of the scheduler; nil while the feature is off.
  mutating func flowControlSettings() -> FlowControlSettings? {
    guard config.featureGates.isEnabled(.flowControl) else { return nil }
    if let section = config.flowControl, section.enableEviction {
      problems.append(
        ConfigurationProblem(
          section.location.field("enableEviction"), "revoking requests in flight is not built yet; leave it out"))
    }
    for name in [
      FlowControlPlanner.defaultFairness, FlowControlPlanner.defaultOrdering, FlowControlPlanner.defaultUsageLimit,
    ] where !instances.contains(where: { $0.name == name }) {
      makeDefault(name)
    }
    var planner = FlowControlPlanner(lineage: config.lineage, section: config.flowControl, instances: instances)
    let settings = planner.settings()
    problems += planner.problems
    if let settings { fillIn(settings) }
    return settings
  }

  /// Completes the section in force by the defaults that hold.
  private mutating func fillIn(_ settings: FlowControlSettings) {
    var section = effective.flowControl ?? FlowControlSection(location: place("flowControl"))
    section.defaultRequestTTL = GoDuration(nanoseconds: Int64(settings.timeToLive * 1e9))
    section.noEndpointRequestTTL = GoDuration(nanoseconds: Int64(settings.timeToLiveWithoutEndpoints * 1e9))
    section.usageLimitPolicy = section.usageLimitPolicy ?? reference(FlowControlPlanner.defaultUsageLimit)
    func complete(_ band: inout FlowControlSection.PriorityBand, _ settings: FlowControlSettings.Band) {
      band.maxBytes = Quantity(Int64(settings.maxBytes))
      if settings.maxRequests < .max { band.maxRequests = Quantity(Int64(settings.maxRequests)) }
      band.fairnessPolicy = band.fairnessPolicy ?? reference(FlowControlPlanner.defaultFairness)
      band.orderingPolicy = band.orderingPolicy ?? reference(FlowControlPlanner.defaultOrdering)
    }
    for index in section.priorityBands.indices {
      if let band = settings.bands[section.priorityBands[index].priority] {
        complete(&section.priorityBands[index], band)
      }
    }
    var template = section.defaultPriorityBand ?? FlowControlSection.PriorityBand(location: place("flowControl"))
    complete(&template, settings.defaultBand)
    section.defaultPriorityBand = template
    effective.flowControl = section
  }
}
