import Endpoints
import PickerConfiguration

/// What a factory gets.
public struct PluginContext {
  /// The name of the instance to make.
  public let name: String
  /// Its parameters.
  public let parameters: ParameterDecoder
  /// The pool's endpoints.
  public let endpoints: EndpointTable
  /// Where attributes of requests and candidates get their places.
  public let attributes: AttributeSpace
  /// Services of the process that plugins use.
  public let services: PluginServices
  /// Which of the two API versions the configuration is written in.
  public let lineage: Lineage
  /// The instances made so far: all of the configuration's, for types that refer to plugins.
  public let instances: [PluginInstance]
  let requirements = DataRequirements()

  /// Creates a context; for tests of plugins.
  public init(
    name: String, parameters: ParameterDecoder, endpoints: EndpointTable, attributes: AttributeSpace,
    services: PluginServices = PluginServices(), lineage: Lineage = .llmD, instances: [PluginInstance] = []
  ) {
    self.name = name
    self.parameters = parameters
    self.endpoints = endpoints
    self.attributes = attributes
    self.services = services
    self.lineage = lineage
    self.instances = instances
  }

  /// The name under which a producer publishes: its own. In the older API version data goes by the producer's type.
  public func publishedName(of kind: DataKind) -> String { lineage == .llmD ? name : kind.defaultProducer }

  /// Reads the parameter that names the producer of some data, and requires that producer.
  /// - Returns: the producer's name; the default producer's when the parameter is absent or empty.
  public func producer(of kind: DataKind, parameter: String) -> String {
    let name = parameters.string(parameter, default: "")
    guard !name.isEmpty, name != kind.defaultProducer else { return kind.defaultProducer }
    require(kind, producer: name, parameter: parameter)
    return name
  }

  /// Requires that a producer exists; the default one is made when it doesn't.
  /// - Parameter parameter: what named the producer.
  public func require(_ kind: DataKind, producer: String, parameter: String) {
    let isDefault = producer == kind.defaultProducer
    requirements.all.append(
      DataRequirement(kind: kind, producer: isDefault ? nil : producer, parameter: parameter))
  }

  /// Requires that the prompts of requests are read: their text, tokens and media. Without any plugin that requires them
  /// bodies are read no further than to know their model and whether a stream is asked for. The same as naming
  /// ``DataKind/tokenizedPrompt`` in the registration, for plugins whose parameters decide.
  public func requirePrompts() {
    require(.tokenizedPrompt, producer: DataKind.tokenizedPrompt.defaultProducer, parameter: "")
  }

  /// The plugin of this name in a role; a problem is noted when there is none.
  public func plugin<Role>(named name: String, as role: Role.Type, what: String, parameter: String) -> Role? {
    guard let instance = instances.first(where: { $0.name == name }) else {
      let hint = NameSuggestion.hint(for: name, among: instances.map(\.name))
      parameters.reject(parameter, "no plugin is named \"\(name)\"\(hint)")
      return nil
    }
    guard let plugin = instance.plugin as? Role else {
      parameters.reject(parameter, "\"\(name)\" is not \(what)")
      return nil
    }
    return plugin
  }
}
