extension EndpointPickerConfig {
  /// The configuration in force as a document of its own: what was written, completed by every default.
  ///
  /// - Parameter parameters: for each plugin name, the parameters as the plugin understood them; plugins that are not
  ///   listed show the parameters as written.
  public func effectiveDocument(parameters: [String: [EffectiveParameter]]) -> YAMLValue {
    var fields: [YAMLValue.Field] = [
      .init("apiVersion", .string(lineage.apiVersion)),
      .init("kind", .string(Self.kind)),
      .init("featureGates", .sequence(gateEntries)),
      .init("plugins", .sequence(plugins.map { $0.document(parameters: parameters[$0.name]) })),
      .init("schedulingProfiles", .sequence(schedulingProfiles.map(\.document))),
    ]
    if let dataLayer { fields.append(.init("dataLayer", dataLayer.document)) }
    if let flowControl { fields.append(.init("flowControl", flowControl.document)) }
    if let saturationDetector, flowControl?.saturationDetector == nil {
      fields.append(.init("saturationDetector", saturationDetector.document))
    }
    if lineage == .inferenceExtension, parsers.count == 1 {
      fields.append(.init("parser", parsers[0].document))
    } else if !parsers.isEmpty {
      let list = YAMLValue.sequence(parsers.map(\.document))
      fields.append(.init("requestHandler", .mapping([.init("parsers", list)])))
    }
    return .mapping(fields)
  }

  /// The gates as the family writes them: the newer one with their states, the older one those that are on.
  private var gateEntries: [YAMLValue] {
    FeatureGates.Gate.allCases.compactMap { gate in
      guard gate.belongs(to: lineage) || featureGates.settings[gate] != nil else { return nil }
      if lineage == .llmD { return .string("\(gate.rawValue)=\(featureGates.isEnabled(gate))") }
      return featureGates.settings[gate] == true ? .string(gate.rawValue) : nil
    }
  }
}

extension PluginReference {
  fileprivate var document: YAMLValue { .mapping([.init("pluginRef", .string(name))]) }
}

extension PluginSpecification {
  fileprivate func document(parameters effective: [EffectiveParameter]?) -> YAMLValue {
    var fields: [YAMLValue.Field] = [.init("name", .string(name)), .init("type", .string(type))]
    if let effective {
      if !effective.isEmpty {
        fields.append(.init("parameters", .mapping(effective.map { .init($0.name, $0.value) })))
      }
    } else if let parameters {
      fields.append(.init("parameters", YAMLValue(parameters)))
    }
    return .mapping(fields)
  }
}

extension ProfileSpecification {
  fileprivate var document: YAMLValue {
    .mapping([
      .init("name", .string(name)),
      .init(
        "plugins",
        .sequence(
          plugins.map { member in
            var fields: [YAMLValue.Field] = [.init("pluginRef", .string(member.plugin.name))]
            if let weight = member.weight { fields.append(.init("weight", .double(weight))) }
            return .mapping(fields)
          })),
    ])
  }
}

extension DataLayerSection {
  fileprivate var document: YAMLValue {
    var fields: [YAMLValue.Field] = [
      .init(
        "sources",
        .sequence(
          sources.map { source in
            var fields: [YAMLValue.Field] = [.init("pluginRef", .string(source.plugin.name))]
            if !source.extractors.isEmpty {
              fields.append(.init("extractors", .sequence(source.extractors.map(\.document))))
            }
            return .mapping(fields)
          }))
    ]
    if let injectDefaults { fields.append(.init("injectDefaults", .bool(injectDefaults))) }
    if let discovery { fields.append(.init("discovery", discovery.document)) }
    if let peerDiscovery { fields.append(.init("peerDiscovery", peerDiscovery.document)) }
    if let crossReplicaSyncer {
      fields.append(.init("crossReplicaSyncerPluginRef", .string(crossReplicaSyncer.name)))
    }
    if let crossReplicaSyncInterval {
      fields.append(.init("crossReplicaSyncInterval", .string(crossReplicaSyncInterval.description)))
    }
    return .mapping(fields)
  }
}

extension FlowControlSection {
  fileprivate var document: YAMLValue {
    var fields: [YAMLValue.Field] = []
    if let maxBytes { fields.append(.init("maxBytes", .string(maxBytes.text))) }
    if let maxRequests { fields.append(.init("maxRequests", .string(maxRequests.text))) }
    if let defaultRequestTTL { fields.append(.init("defaultRequestTTL", .string(defaultRequestTTL.description))) }
    if let noEndpointRequestTTL {
      fields.append(.init("noEndpointRequestTTL", .string(noEndpointRequestTTL.description)))
    }
    if let defaultPriorityBand { fields.append(.init("defaultPriorityBand", defaultPriorityBand.document)) }
    if let defaultNegativePriorityBand {
      fields.append(.init("defaultNegativePriorityBand", defaultNegativePriorityBand.document))
    }
    fields.append(.init("priorityBands", .sequence(priorityBands.map(\.document))))
    if let usageLimitPolicy { fields.append(.init("usageLimitPolicyPluginRef", .string(usageLimitPolicy.name))) }
    if let saturationDetector { fields.append(.init("saturationDetector", saturationDetector.document)) }
    fields.append(.init("enableEviction", .bool(enableEviction)))
    return .mapping(fields)
  }
}

extension FlowControlSection.PriorityBand {
  fileprivate var document: YAMLValue {
    var fields: [YAMLValue.Field] = [.init("priority", .integer(priority))]
    if let maxBytes { fields.append(.init("maxBytes", .string(maxBytes.text))) }
    if let maxRequests { fields.append(.init("maxRequests", .string(maxRequests.text))) }
    if let fairnessPolicy { fields.append(.init("fairnessPolicyRef", .string(fairnessPolicy.name))) }
    if let orderingPolicy { fields.append(.init("orderingPolicyRef", .string(orderingPolicy.name))) }
    return .mapping(fields)
  }
}
