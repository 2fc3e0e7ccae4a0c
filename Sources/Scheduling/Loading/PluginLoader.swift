import Endpoints
import InferenceAPI
import PickerConfiguration

/// Turns a configuration into plugins and a scheduler: instances, default producers, system defaults, checks
/// (EndpointPickerConfig, load order and validation).
public struct PluginLoader {
  let config: EndpointPickerConfig
  private let registry: PluginRegistry
  private let endpoints: EndpointTable
  private let services: PluginServices
  private let isStrict: Bool
  private let allowsExperimental: Bool
  private let addsPassiveHealth: Bool
  /// The configuration as it comes to be in force.
  var effective: EndpointPickerConfig
  private var parameters: [String: [EffectiveParameter]] = [:]
  private let inheritance: PluginInheritance
  private var attributes: AttributeSpace { inheritance.attributes }
  private var inherited: Set<String> = []
  private(set) var instances: [PluginInstance] = []
  private var requirements: [(data: DataRequirement, by: PluginSpecification)] = []
  var problems: [ConfigurationProblem] = []
  private var warnings: [ConfigurationProblem] = []

  private static let defaultPicker = "max-score-picker"
  private static let defaultHandler = "single-profile-handler"
  private static let defaultDetector = "utilization-detector"
  private static let metricsSource = "metrics-data-source"
  private static let metricsExtractor = "core-metrics-extractor"
  private static let defaultParsers = ["openai-parser", "anthropic-parser", "vllmhttp-parser", "passthrough-parser"]
  private static let defaultProfile = "default"

  /// Loads a configuration.
  /// - Parameters:
  ///   - isStrict: unknown plugin parameters are errors in the older API version too.
  ///   - allowsExperimental: whether documents of the newer API version may use plugin types that are not settled.
  ///   - predecessor: what the configuration replaces; plugins that are the same in both go on with what they know.
  ///   - addsPassiveHealth: whether a `passive-health-filter` is made when the configuration has none.
  /// - Throws: every problem found, each with the place it was found at.
  public static func load(
    _ config: EndpointPickerConfig, registry: PluginRegistry, endpoints: EndpointTable,
    services: PluginServices = PluginServices(), isStrict: Bool = false, allowsExperimental: Bool = true,
    addsPassiveHealth: Bool = false, replacing predecessor: LoadedPlugins? = nil
  ) throws(ConfigurationError) -> LoadedPlugins {
    func load(_ predecessor: LoadedPlugins?) throws(ConfigurationError) -> LoadedPlugins {
      var loader = PluginLoader(
        config, registry, endpoints, services, isStrict, allowsExperimental, addsPassiveHealth,
        PluginInheritance(predecessor, lineage: config.lineage))
      return try loader.load()
    }
    let loaded = try load(predecessor)
    // Attributes of many configurations one after the other have had their places.
    return predecessor == nil || loaded.attributes.hasRoom ? loaded : try load(nil)
  }

  private init(
    _ config: EndpointPickerConfig, _ registry: PluginRegistry, _ endpoints: EndpointTable,
    _ services: PluginServices, _ isStrict: Bool, _ allowsExperimental: Bool, _ addsPassiveHealth: Bool,
    _ inheritance: PluginInheritance
  ) {
    self.config = config
    self.registry = registry
    self.endpoints = endpoints
    self.services = services
    self.isStrict = isStrict
    self.allowsExperimental = allowsExperimental
    self.addsPassiveHealth = addsPassiveHealth
    self.inheritance = inheritance
    self.effective = config
    self.warnings = config.warnings
  }

  private mutating func load() throws(ConfigurationError) -> LoadedPlugins {
    checkFeatures()
    makeConfigured()
    if let error = ConfigurationError(problems) { throw error }
    makeMissingProducers()
    let parsers = requestParsers()
    let detector = saturationDetector()
    addMetrics()
    addHealth()
    let profiles = schedulingProfiles()
    let handler = profileHandler(profiles)
    let flowControl = flowControlSettings()
    if let error = ConfigurationError(problems) { throw error }
    guard let detector, let handler else {
      throw ConfigurationError(place("plugins"), "no profile handler or saturation detector could be made")
    }
    let estimators = instances.compactMap { $0.plugin as? any LoadEstimator }
    let producers = ProducerOrder.sorted(instances, registry: registry)
    var names = Scheduler.PluginNames()
    names.handler = instances.first { $0.plugin is any ProfileHandler }?.name ?? names.handler
    names.producers = producers.map(\.name)
    names.observers = instances.filter { $0.plugin is any PlacementObserver }.map(\.name)
    names.admitters = instances.filter { $0.plugin is any Admitter }.map(\.name)
    return LoadedPlugins(
      instances: instances,
      scheduler: Scheduler(
        profiles: profiles, handler: handler, producers: producers.map(\.producer),
        observers: instances.compactMap { $0.plugin as? any PlacementObserver },
        admitters: instances.compactMap { $0.plugin as? any Admitter }, loadEstimator: estimators.first,
        pluginNames: names),
      saturationDetector: detector, flowControl: flowControl, parsers: parsers,
      responseHeadersPlugins: instances.compactMap { $0.plugin as? any ResponseHeadersPlugin },
      readsPrompts: requirements.contains { $0.data.kind == .tokenizedPrompt },
      configuration: effectiveConfiguration(), parameters: parameters, inherited: inherited,
      attributes: attributes, warnings: warnings)
  }

  /// The configuration as written, completed by what was made; without what was left out.
  private func effectiveConfiguration() -> EndpointPickerConfig {
    var effective = effective
    let written = Dictionary(config.plugins.map { ($0.name, $0) }) { first, _ in first }
    effective.plugins = instances.map { instance in
      PluginSpecification(
        name: instance.name, type: instance.type, parameters: written[instance.name]?.parameters,
        location: written[instance.name]?.location ?? place("plugins"))
    }
    return effective
  }

  func reference(_ name: String) -> PluginReference {
    PluginReference(name: name, location: place("(default) \(name)"))
  }

  /// Features that the document switches on and that do not exist.
  private mutating func checkFeatures() {
    if config.featureGates.settings[.enableLegacyMetrics] == true {
      warnings.append(
        ConfigurationProblem(
          config.featureGates.locations[.enableLegacyMetrics] ?? place("featureGates"),
          "\"enableLegacyMetrics\" has no effect: metrics come from the data layer"))
    }
    if config.featureGates.settings[.dataLayer] != nil {
      warnings.append(
        ConfigurationProblem(
          config.featureGates.locations[.dataLayer] ?? place("featureGates"),
          "\"dataLayer\" has no effect: the data layer is always on"))
    }
  }

  func place(_ path: String) -> SourceLocation { SourceLocation(source: config.source, path: path) }

  // MARK: Instances

  /// Makes what the configuration lists, plugins that refer to others after all others.
  private mutating func makeConfigured() {
    func refers(_ specification: PluginSpecification) -> Bool {
      registry.registration(for: specification.type)?.refersToPlugins ?? false
    }
    for specification in config.plugins where !refers(specification) { make(specification) }
    for specification in config.plugins where refers(specification) { make(specification) }
    var order: [String: Int] = [:]
    for (index, specification) in config.plugins.enumerated() { order[specification.name] = index }
    instances.sort { order[$0.name, default: 0] < order[$1.name, default: 0] }
  }

  private mutating func make(_ specification: PluginSpecification) {
    guard let registration = registry.registration(for: specification.type) else {
      guard !noteUnbuilt(specification) else { return }
      problems.append(
        ConfigurationProblem(
          specification.location.field("type"),
          "there is no plugin type \"\(specification.type)\""
            + NameSuggestion.hint(for: specification.type, among: registry.knownTypes)))
      return
    }
    noteDeprecation(of: registration, in: specification)
    if registration.stability == .alpha, config.lineage == .llmD, !allowsExperimental {
      problems.append(
        ConfigurationProblem(
          specification.location.field("type"),
          "the plugin type \"\(specification.type)\" is experimental; --allow-experimental-plugins allows it"))
      return
    }
    let decoder = ParameterDecoder(
      specification.parameters, at: specification.location.field("parameters"),
      unknownFields: config.lineage == .llmD || isStrict ? .reject : .warn)
    let context = PluginContext(
      name: specification.name, parameters: decoder, endpoints: endpoints, attributes: attributes, services: services,
      lineage: config.lineage, instances: instances)
    do {
      let plugin = try registration.make(context)
      try decoder.finish()
      let known = inheritance.plugin(named: specification.name, registration, decoder.effectiveParameters)
      if known != nil { inherited.insert(specification.name) }
      instances.append(PluginInstance(name: specification.name, type: registration.type, plugin: known ?? plugin))
      parameters[specification.name] = decoder.effectiveParameters
      let named = context.requirements.all
      for requirement in named { requirements.append((requirement, specification)) }
      for kind in registration.requires where !named.contains(where: { $0.kind == kind }) {
        requirements.append((DataRequirement(kind: kind, producer: nil, parameter: ""), specification))
      }
    } catch {
      problems += error.problems
    }
    warnings += decoder.warnings
  }

  /// Notes that a type of other pickers does not exist here.
  /// - Returns: false for a type that nobody knows.
  private mutating func noteUnbuilt(_ specification: PluginSpecification) -> Bool {
    guard let feature = UnbuiltPlugins.feature(of: specification.type) else { return false }
    let location = specification.location.field("type")
    problems.append(
      ConfigurationProblem(
        location, "the plugin type \"\(specification.type)\" needs \(feature.rawValue), which is not built yet"))
    return true
  }

  private mutating func noteDeprecation(of registration: PluginRegistration, in specification: PluginSpecification) {
    let message: String
    if let replacement = registration.replacement {
      message = "the type \"\(specification.type)\" is deprecated; use \"\(replacement)\""
    } else if specification.type != registration.type {
      message = "the type \"\(specification.type)\" is called \"\(registration.type)\" now"
    } else {
      return
    }
    warnings.append(ConfigurationProblem(specification.location.field("type"), message))
  }

  /// Makes an instance nobody configured, named after its type.
  /// - Parameter location: where it is referred to, if anywhere.
  mutating func makeDefault(_ type: String, parameters: ConfigNode? = nil, at location: SourceLocation? = nil) {
    if let location, registry.registration(for: type) == nil {
      problems.append(
        ConfigurationProblem(
          location,
          "there is neither a plugin named \"\(type)\" nor a type of that name"
            + NameSuggestion.hint(for: type, among: registry.knownTypes)))
      return
    }
    make(
      PluginSpecification(
        name: type, type: type, parameters: parameters, location: location ?? place("(default) \(type)")))
  }

  /// Data that a plugin reads and nobody produces comes from the default producer, and so does what that one reads.
  private mutating func makeMissingProducers() {
    var index = 0
    while index < requirements.count {
      let (data, consumer) = requirements[index]
      index += 1
      if let name = data.producer {
        checkProducer(named: name, data, consumer)
      } else if data.kind == .tokenizedPrompt, config.lineage != .llmD {
        // The older API version has no such producer; parsers do its work in both.
        continue
      } else if !instances.contains(where: { isDefaultProducer($0, of: data.kind) }) {
        // Of several consumers that configure the producer of the older API version, the last one counts.
        let last = requirements.last { $0.data.kind == data.kind && $0.data.producer == nil }?.by ?? consumer
        let passesParameters = config.lineage != .llmD && data.kind == .prefixCacheMatch
        makeDefault(data.kind.defaultProducer, parameters: passesParameters ? producerParameters(of: last) : nil)
      }
    }
  }

  /// A producer that a plugin names must exist and produce what the plugin reads.
  private mutating func checkProducer(named name: String, _ data: DataRequirement, _ consumer: PluginSpecification) {
    let location = consumer.location.field("parameters").field(data.parameter)
    guard let instance = instances.first(where: { $0.name == name }) else {
      problems.append(
        ConfigurationProblem(
          location, "no plugin is named \"\(name)\"\(NameSuggestion.hint(for: name, among: instances.map(\.name)))"))
      return
    }
    let produces = registry.registration(for: instance.type)?.produces ?? []
    // Types that do not say what they produce are trusted.
    guard !(instance.plugin is any Producer) || !(produces.isEmpty || produces.contains(data.kind)) else { return }
    problems.append(ConfigurationProblem(location, "\"\(name)\" does not produce the data read here"))
  }

  /// Consumers find the default producer by its name. In the older API version every producer goes by its type's name.
  private func isDefaultProducer(_ instance: PluginInstance, of kind: DataKind) -> Bool {
    config.lineage == .llmD ? instance.name == kind.defaultProducer : instance.type == kind.defaultProducer
  }

  /// In the older API version a producer's parameters are written on the consumer, among its own.
  private func producerParameters(of consumer: PluginSpecification) -> ConfigNode? {
    guard let node = consumer.parameters, let entries = node.entries else { return nil }
    let names = Set(ApproximatePrefixCacheProducer.parameterNames.map { $0.lowercased() })
    return ConfigNode(.mapping(entries.filter { names.contains($0.key.lowercased()) }), at: node.location)
  }

  // MARK: Roles outside of profiles

  private mutating func requestParsers() -> [any RequestParser] {
    let names = config.parsers.isEmpty ? Self.defaultParsers : config.parsers.map(\.name)
    effective.parsers = names.map(reference)
    var parsers: [any RequestParser] = []
    for (index, name) in names.enumerated() {
      let reference = config.parsers.indices.contains(index) ? config.parsers[index].location : nil
      if !instances.contains(where: { $0.name == name }) { makeDefault(name, at: reference) }
      guard let instance = instances.first(where: { $0.name == name }) else { continue }
      if let plugin = instance.plugin as? RequestParserPlugin {
        parsers.append(plugin.parser)
      } else {
        problems.append(ConfigurationProblem(reference ?? place("parser"), "\"\(name)\" is not a request parser"))
      }
    }
    return parsers
  }

  private mutating func saturationDetector() -> (any SaturationDetector)? {
    let name = config.saturationDetector?.name ?? Self.defaultDetector
    effective.saturationDetector = reference(name)
    if config.lineage == .llmD {
      // Where the newer API version has it.
      var section = effective.flowControl ?? FlowControlSection(location: place("flowControl"))
      section.saturationDetector = reference(name)
      effective.flowControl = section
    }
    if !instances.contains(where: { $0.name == name }) {
      makeDefault(name, at: config.saturationDetector?.location)
    }
    guard let instance = instances.first(where: { $0.name == name }) else { return nil }
    if let detector = instance.plugin as? any SaturationDetector { return detector }
    problems.append(
      ConfigurationProblem(
        config.saturationDetector?.location ?? place("saturationDetector"), "\"\(name)\" is not a saturation detector"))
    return nil
  }

  /// Without a section, in documents of the newer API version also beside other sources unless they say otherwise, the
  /// servers' metrics are read. Nothing is added to a registry without a data layer.
  private mutating func addMetrics() {
    guard registry.registration(for: Self.metricsSource) != nil,
      config.dataLayer == nil || (config.lineage == .llmD && config.dataLayer?.injectDefaults != false)
    else { return }
    var section = config.dataLayer ?? DataLayerSection(location: place("dataLayer"))
    let types = section.sources.map { source in instances.first { $0.name == source.plugin.name }?.type }
    guard !types.contains(Self.metricsSource) else { return }
    func name(_ type: String) -> String {
      if let configured = instances.first(where: { $0.type == type }) { return configured.name }
      makeDefault(type)
      return type
    }
    let source = reference(name(Self.metricsSource))
    let extractor = reference(name(Self.metricsExtractor))
    section.sources.insert(DataLayerSection.Source(plugin: source, extractors: [extractor]), at: 0)
    effective.dataLayer = section
  }

  /// Endpoints whose requests fail are left alone, unless the configuration or the operator says otherwise.
  private mutating func addHealth() {
    let configured = instances.filter { $0.plugin is PassiveHealthFilter }
    if configured.count > 1 {
      problems.append(
        ConfigurationProblem(
          place("plugins"),
          "only one \(PassiveHealthFilter.typeName) is allowed, not \(configured.map(\.name).joined(separator: ", "))"))
    }
    if addsPassiveHealth, configured.isEmpty { makeDefault(PassiveHealthFilter.typeName) }
  }

  // MARK: Profiles

  private mutating func schedulingProfiles() -> [SchedulingProfile] {
    let shared = sharedPicker()
    effective.schedulingProfiles = []
    guard !config.schedulingProfiles.isEmpty else {
      let members = instances.prefix(config.plugins.count).filter { !($0.plugin is any Picker) }
      return [profile(Self.defaultProfile, members.map { ($0, nil) }, place("schedulingProfiles"), shared)].compactMap(
        \.self)
    }
    return config.schedulingProfiles.compactMap { specification in
      let members = specification.plugins.compactMap { member in
        instances.first { $0.name == member.plugin.name }.map { ($0, member.weight) }
      }
      return profile(specification.name, members, specification.location, shared)
    }
  }

  /// The picker of profiles that name none: one that is configured, else the default.
  private mutating func sharedPicker() -> (name: String, picker: any Picker)? {
    if let configured = instances.lazy.compactMap(Self.picker).first { return configured }
    makeDefault(Self.defaultPicker)
    return instances.last.flatMap(Self.picker)
  }

  private static func picker(_ instance: PluginInstance) -> (name: String, picker: any Picker)? {
    (instance.plugin as? any Picker).map { (instance.name, $0) }
  }

  private mutating func profile(
    _ name: String, _ members: [(PluginInstance, Double?)], _ location: SourceLocation,
    _ sharedPicker: (name: String, picker: any Picker)?
  ) -> SchedulingProfile? {
    var filters: [(name: String, filter: any Filter)] = []
    var scorers: [SchedulingProfile.WeightedScorer] = []
    var picker: (name: String, picker: any Picker)?
    let health = instances.first { $0.plugin is PassiveHealthFilter }
    if let health, let filter = health.plugin as? PassiveHealthFilter,
      !members.contains(where: { $0.0.name == health.name })
    {
      // First, so that filters which follow a request's past do not hold on to an endpoint that fails.
      filters.append((health.name, filter))
    }
    for (instance, weight) in members {
      if let filter = instance.plugin as? any Filter { filters.append((instance.name, filter)) }
      if let scorer = instance.plugin as? any Scorer {
        scorers.append(.init(name: instance.name, scorer: scorer, weight: weight ?? 1))
      }
      if let own = Self.picker(instance) {
        if picker != nil {
          problems.append(ConfigurationProblem(location, "profile \"\(name)\" has two pickers"))
        }
        picker = own
      }
    }
    var all = members.map { instance, weight in
      let weight = instance.plugin is any Scorer ? weight ?? 1 : nil
      return ProfileSpecification.Member(plugin: reference(instance.name), weight: weight)
    }
    if picker == nil, let sharedPicker { all.append(.init(plugin: reference(sharedPicker.name), weight: nil)) }
    effective.schedulingProfiles.append(ProfileSpecification(name: name, plugins: all, location: location))
    guard let picker = picker ?? sharedPicker else { return nil }
    return SchedulingProfile(
      name: name, filters: filters, scorers: scorers, picker: picker.picker, pickerName: picker.name)
  }

  private mutating func profileHandler(_ profiles: [SchedulingProfile]) -> (any ProfileHandler)? {
    let configured = instances.filter { $0.plugin is any ProfileHandler }
    if configured.count > 1 {
      problems.append(
        ConfigurationProblem(
          place("plugins"), "only one profile handler is allowed, not \(configured.map(\.name).joined(separator: ", "))"
        )
      )
      return nil
    }
    if configured.isEmpty {
      guard profiles.count == 1 else {
        problems.append(
          ConfigurationProblem(
            place("schedulingProfiles"), "no profile handler configured for \(profiles.count) profiles"))
        return nil
      }
      makeDefault(Self.defaultHandler)
    }
    let handler = instances.lazy.compactMap { $0.plugin as? any ProfileHandler }.first
    if let problem = handler?.problem(withProfiles: profiles.map(\.name)) {
      problems.append(ConfigurationProblem(place("schedulingProfiles"), problem))
    }
    return handler
  }
}
