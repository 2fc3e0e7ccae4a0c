/// The engines of a pool and which of them an endpoint runs (EndpointPickerConfig, `core-metrics-extractor`).
package struct EngineCatalog: Sendable {
  /// Labels that name the engine unless configured otherwise; the first that is present counts.
  package static let defaultLabelKeys = ["llm-d.ai/engine-type", "inference.networking.k8s.io/engine-type"]
  /// The engine of endpoints that don't say.
  package static let defaultEngineName = "vllm"

  /// Labels looked at, in this order.
  package let labelKeys: [String]
  /// Configured engines followed by built-in ones that were not redefined.
  package let engines: [EngineMetrics]
  private let indexes: [String: Int]
  private let defaultIndex: Int

  /// Creates a catalog of the built-in engines and those configured, which replace built-in ones of the same name.
  ///
  /// - Parameters:
  ///   - labelKey: the label that names an endpoint's engine; nil means ``defaultLabelKeys``.
  ///   - defaultEngine: engine of endpoints without the label or with a name that is not in the catalog.
  ///   - engineConfigs: engines to add.
  /// - Throws: ``EngineCatalogError`` naming the field.
  package init(
    labelKey: String? = nil, defaultEngine: String = defaultEngineName, engineConfigs: [EngineMetrics] = []
  ) throws(EngineCatalogError) {
    var engines: [EngineMetrics] = []
    var indexes: [String: Int] = [:]
    for (index, engine) in engineConfigs.enumerated() {
      guard !engine.name.isEmpty else {
        throw .init(field: "engineConfigs[\(index)].name", reason: "must not be empty")
      }
      guard engine.name != "default" else {
        throw .init(field: "engineConfigs[\(index)].name", reason: "'default' is reserved; use defaultEngine")
      }
      guard indexes[engine.name] == nil else {
        throw .init(field: "engineConfigs[\(index)].name", reason: "'\(engine.name)' is given twice")
      }
      indexes[engine.name] = engines.count
      engines.append(engine)
    }
    for engine in EngineMetrics.builtIn where indexes[engine.name] == nil {
      indexes[engine.name] = engines.count
      engines.append(engine)
    }
    guard let defaultIndex = indexes[defaultEngine] else {
      throw .init(field: "defaultEngine", reason: "'\(defaultEngine)' is not among the engines")
    }
    self.labelKeys = labelKey.map { [$0] } ?? Self.defaultLabelKeys
    self.engines = engines
    self.indexes = indexes
    self.defaultIndex = defaultIndex
  }

  /// The index in ``engines`` of the engine that an endpoint with these labels runs.
  package func index(forLabels labels: [String: String]) -> Int {
    for key in labelKeys {
      if let name = labels[key] { return indexes[name] ?? defaultIndex }
    }
    return defaultIndex
  }
}

/// Why a configuration of engines or custom metrics cannot be used.
package struct EngineCatalogError: Error, Equatable, CustomStringConvertible {
  /// Path of the field within the plugin's parameters.
  package let field: String
  package let reason: String

  package var description: String { "\(field): \(reason)" }
}
