extension EndpointPickerConfig {
  /// Decodes a document without looking at what it refers to.
  ///
  /// Strict: a field that is unknown, occurs twice or has the wrong type is an error, and so is a missing `apiVersion`
  /// or `kind`. Names of plugins default to their types.
  ///
  /// - Parameters:
  ///   - text: YAML or JSON of at most 1 MiB.
  ///   - source: what errors call the document.
  public static func decode(_ text: String, source: String) throws(ConfigurationError) -> EndpointPickerConfig {
    let root = try ConfigNode.parse(text, source: source)
    guard !root.isNull else { throw ConfigurationError(root.location, "the document is empty") }
    let fields = ParameterDecoder(root, at: root.location, unknownFields: .reject, keyMatching: .exact)
    let lineage = decodeIdentity(fields)
    var config = EndpointPickerConfig(source: source, lineage: lineage ?? .llmD)
    config.decodeFeatureGates(fields)
    config.plugins = fields.children("plugins").map(PluginSpecification.init(decoding:))
    config.schedulingProfiles = fields.children("schedulingProfiles").map(ProfileSpecification.init(decoding:))
    config.dataLayer = fields.child("dataLayer").map(DataLayerSection.init(decoding:))
    config.flowControl = fields.child("flowControl").map(FlowControlSection.init(decoding:))
    config.decodeMovedFields(fields)
    try fields.finish()
    config.warnings += fields.warnings
    return config
  }

  private static func decodeIdentity(_ fields: ParameterDecoder) -> Lineage? {
    let known = Lineage.allCases.map { "\"\($0.apiVersion)\"" }.joined(separator: " or ")
    let version = fields.string("apiVersion")
    let lineage = Lineage.allCases.first { $0.apiVersion == version }
    if version == nil, !fields.isSet("apiVersion") {
      fields.reject("apiVersion", "required, but not set; write \(known)")
    } else if let version, lineage == nil {
      fields.reject("apiVersion", "unknown version \"\(version)\"; write \(known)")
    }
    let kind = fields.string("kind")
    if kind == nil, !fields.isSet("kind") {
      fields.reject("kind", "required, but not set; write \"\(Self.kind)\"")
    } else if let kind, kind != Self.kind {
      fields.reject("kind", "expected \"\(Self.kind)\", found \"\(kind)\"")
    }
    return lineage
  }

  private mutating func decodeFeatureGates(_ fields: ParameterDecoder) {
    for node in fields.list("featureGates") {
      switch ParameterDecoder.text(of: node) {
      case .success(let entry):
        if let message = featureGates.apply(entry, at: node.location) {
          fields.note(ConfigurationProblem(node.location, message))
        }
      case .failure(let error):
        error.problems.forEach(fields.note)
      }
    }
  }

  /// The fields that the newer family has moved into sections; the new places win.
  private mutating func decodeMovedFields(_ fields: ParameterDecoder) {
    let detector = fields.child("saturationDetector")?.pluginReference()
    saturationDetector = flowControl?.saturationDetector ?? detector
    let parser = fields.child("parser")?.pluginReference()
    let requestHandler = fields.child("requestHandler")
    parsers = requestHandler?.children("parsers").compactMap { $0.pluginReference() } ?? []
    if parsers.isEmpty, let parser { parsers = [parser] }
    guard lineage == .llmD else { return }
    if detector != nil { fields.warn("saturationDetector", "deprecated; use \"flowControl.saturationDetector\"") }
    if parser != nil { fields.warn("parser", "deprecated; use \"requestHandler.parsers\"") }
  }
}

extension ParameterDecoder {
  /// The section's `pluginRef`, noting when it is missing or empty.
  fileprivate func pluginReference() -> PluginReference? {
    guard isSet("pluginRef") else {
      reject("pluginRef", "required, but not set; write the name of a plugin")
      return nil
    }
    return reference("pluginRef")
  }

  /// A field that holds a plugin's name.
  fileprivate func reference(_ field: String) -> PluginReference? {
    guard let name = string(field) else { return nil }
    guard !name.isEmpty else {
      reject(field, "must not be empty; write the name of a plugin")
      return nil
    }
    return PluginReference(name: name, location: node(field)?.location ?? location.field(field))
  }
}

extension PluginSpecification {
  fileprivate init(decoding fields: ParameterDecoder) {
    let type = fields.requiredString("type")
    let name = fields.string("name", default: type)
    let parameters = fields.node("parameters").flatMap { $0.isNull ? nil : $0 }
    if let parameters, parameters.entries == nil {
      fields.note(parameters.mismatch(expected: "a mapping of parameters"))
    }
    self.init(
      name: name.isEmpty ? type : name, type: type, parameters: parameters, location: fields.location)
  }
}

extension ProfileSpecification {
  fileprivate init(decoding fields: ParameterDecoder) {
    let name = fields.requiredString("name")
    let members = fields.children("plugins").compactMap { member -> Member? in
      let weight = member.double("weight")
      return member.pluginReference().map { Member(plugin: $0, weight: weight) }
    }
    self.init(name: name, plugins: members, location: fields.location)
  }
}

extension DataLayerSection {
  fileprivate init(decoding fields: ParameterDecoder) {
    let sources = fields.children("sources").compactMap { source -> Source? in
      let extractors = source.children("extractors").compactMap { $0.pluginReference() }
      return source.pluginReference().map { Source(plugin: $0, extractors: extractors) }
    }
    self.init(
      sources: sources,
      injectDefaults: fields.bool("injectDefaults"),
      discovery: fields.child("discovery")?.pluginReference(),
      peerDiscovery: fields.child("peerDiscovery")?.pluginReference(),
      crossReplicaSyncer: fields.reference("crossReplicaSyncerPluginRef"),
      crossReplicaSyncInterval: fields.duration("crossReplicaSyncInterval"),
      location: fields.location)
  }
}

extension FlowControlSection {
  fileprivate init(decoding fields: ParameterDecoder) {
    let bands = fields.children("priorityBands")
    self.init(
      maxBytes: fields.quantity("maxBytes"),
      maxRequests: fields.quantity("maxRequests"),
      defaultRequestTTL: fields.duration("defaultRequestTTL"),
      noEndpointRequestTTL: fields.duration("noEndpointRequestTTL"),
      defaultPriorityBand: fields.child("defaultPriorityBand").map { PriorityBand(decoding: $0) },
      defaultNegativePriorityBand: fields.child("defaultNegativePriorityBand").map { PriorityBand(decoding: $0) },
      priorityBands: bands.map { PriorityBand(decoding: $0) },
      usageLimitPolicy: fields.reference("usageLimitPolicyPluginRef"),
      saturationDetector: fields.child("saturationDetector")?.pluginReference(),
      enableEviction: fields.bool("enableEviction", default: false),
      location: fields.location)
    var seen: Set<Int> = []
    for (band, decoder) in zip(priorityBands, bands) where !seen.insert(band.priority).inserted {
      decoder.reject("priority", "priority \(band.priority) has a band already")
    }
  }
}

extension FlowControlSection.PriorityBand {
  fileprivate init(decoding fields: ParameterDecoder) {
    self.init(
      priority: fields.int("priority", default: 0),
      maxBytes: fields.quantity("maxBytes"),
      maxRequests: fields.quantity("maxRequests"),
      fairnessPolicy: fields.reference("fairnessPolicyRef"),
      orderingPolicy: fields.reference("orderingPolicyRef"),
      location: fields.location)
  }
}
