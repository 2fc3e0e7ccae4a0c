import Endpoints
import PickerConfiguration

/// How a plugin type is made: its name, and a factory that turns parameters into a plugin.
public struct PluginRegistration: Sendable {
  /// The name in the `type` field of configurations.
  public let type: String
  /// Other names that are accepted for the type.
  public let aliases: [String]
  /// Kinds of data that plugins of this type read; their default producers are created when missing.
  public let requires: [DataKind]
  /// Makes a plugin. Problems with parameters are noted in the context's decoder and reported together.
  public let make: @Sendable (PluginContext) throws(ConfigurationError) -> any Plugin

  /// Describes a type.
  public init(
    type: String, aliases: [String] = [], requires: [DataKind] = [],
    make: @escaping @Sendable (PluginContext) throws(ConfigurationError) -> any Plugin
  ) {
    self.type = type
    self.aliases = aliases
    self.requires = requires
    self.make = make
  }
}

/// Data that one plugin produces and others consume.
public enum DataKind: String, Sendable, Hashable, CaseIterable {
  /// How much of the prompt each candidate holds in its prefix cache.
  case prefixCacheMatch

  /// The type that produces the data when the configuration names no producer.
  public var defaultProducer: String {
    switch self {
    case .prefixCacheMatch: "approx-prefix-cache-producer"
    }
  }
}

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

  /// Creates a context; for tests of plugins.
  public init(
    name: String, parameters: ParameterDecoder, endpoints: EndpointTable, attributes: AttributeSpace,
    services: PluginServices = PluginServices(), lineage: Lineage = .llmD
  ) {
    self.name = name
    self.parameters = parameters
    self.endpoints = endpoints
    self.attributes = attributes
    self.services = services
    self.lineage = lineage
  }
}
