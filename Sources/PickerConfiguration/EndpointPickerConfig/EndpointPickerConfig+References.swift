extension EndpointPickerConfig {
  /// Checks names and references: no plugin or profile name occurs twice, and every reference names a plugin that is
  /// defined, by its name and not by its type, or that is created on demand.
  ///
  /// Wrong references in `flowControl` are warnings while the feature is off, because nothing reads them then; its
  /// saturation detector is always read. Whether a plugin suits the place that refers to it is not known here.
  ///
  /// - Throws: ``ConfigurationError`` with every problem found.
  public mutating func checkReferences(implicitPlugins: ImplicitPlugins) throws(ConfigurationError) {
    var check = ReferenceCheck(plugins: plugins)
    check.uniqueNames(plugins.map { ($0.name, $0.location) }, what: "plugin")
    check.uniqueNames(schedulingProfiles.map { ($0.name, $0.location) }, what: "scheduling profile")
    for profile in schedulingProfiles {
      check.defined(profile.plugins.map(\.plugin))
    }
    if let dataLayer {
      for source in dataLayer.sources { check.defined([source.plugin] + source.extractors) }
      check.defined([dataLayer.discovery, dataLayer.peerDiscovery, dataLayer.crossReplicaSyncer].compactMap(\.self))
    }
    check.defined([saturationDetector].compactMap(\.self), or: implicitPlugins.saturationDetectors)
    check.defined(parsers, or: implicitPlugins.parsers)
    if let flowControl {
      var inner = ReferenceCheck(plugins: plugins)
      inner.defined(flowControl.policies, or: implicitPlugins.flowControlPolicies)
      if featureGates.isEnabled(.flowControl) {
        check.problems += inner.problems
      } else {
        warnings += inner.problems
      }
    }
    if let error = ConfigurationError(check.problems) { throw error }
  }
}

extension FlowControlSection {
  /// Every reference to a policy.
  fileprivate var policies: [PluginReference] {
    let bands = [defaultPriorityBand, defaultNegativePriorityBand].compactMap(\.self) + priorityBands
    return bands.flatMap { [$0.fairnessPolicy, $0.orderingPolicy].compactMap(\.self) }
      + [usageLimitPolicy].compactMap(\.self)
  }
}

/// Collects what is wrong with names and references.
private struct ReferenceCheck {
  var problems: [ConfigurationProblem] = []
  private let names: [String]
  private let namesByType: [String: String]

  init(plugins: [PluginSpecification]) {
    names = plugins.map(\.name)
    namesByType = Dictionary(plugins.map { ($0.type, $0.name) }) { first, _ in first }
  }

  mutating func uniqueNames(_ items: [(name: String, location: SourceLocation)], what: String) {
    var firstLines: [String: Int?] = [:]
    for item in items {
      if let line = firstLines[item.name] {
        let place = line.map { " in line \($0)" } ?? ""
        problems.append(
          ConfigurationProblem(item.location.field("name"), "there is a \(what) named \"\(item.name)\" already\(place)")
        )
      } else {
        firstLines[item.name] = item.location.line
      }
    }
  }

  mutating func defined(_ references: [PluginReference], or implicit: Set<String> = []) {
    for reference in references where !names.contains(reference.name) && !implicit.contains(reference.name) {
      var message = "no plugin is named \"\(reference.name)\""
      if let name = namesByType[reference.name] {
        message += "; that is the type of the plugin named \"\(name)\""
      } else {
        message += NameSuggestion.hint(for: reference.name, among: names + implicit.sorted())
      }
      problems.append(ConfigurationProblem(reference.location, message))
    }
  }
}
