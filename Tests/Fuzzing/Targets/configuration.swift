import Endpoints
import PickerConfiguration
import Scheduling

/// Any document loads or is refused with a place in it; what loads can be printed, and the print loads as the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  var input = Input(start, count)
  let isStrict = input.byte() & 1 == 1
  guard let plugins = load(String(decoding: input.rest, as: UTF8.self), isStrict) else { return 0 }
  let document = plugins.effectiveDocument.yaml
  guard let again = load(document, isStrict) else {
    preconditionFailure("what is in force does not load:\n\(document)")
  }
  let copy = again.effectiveDocument.yaml
  precondition(copy == document, "what is in force changes when it is loaded:\n\(document)\n\(copy)")
  return 0
}

private func load(_ text: String, _ isStrict: Bool) -> LoadedPlugins? {
  do throws(ConfigurationError) {
    return try PluginLoader.load(
      try EndpointPickerConfig.load(.text(text)), registry: registry, endpoints: EndpointTable(), isStrict: isStrict)
  } catch {
    precondition(!error.problems.isEmpty && !"\(error)".isEmpty, "refused without a reason")
    return nil
  }
}

/// All types; those that need sockets take any parameters.
private let registry: PluginRegistry = {
  var registry = PluginRegistry.builtIn
  for type in ["metrics-data-source", "models-data-source", "models-data-extractor"] {
    registry.register(PluginRegistration(type: type) { _ in StandIn() })
  }
  registry.register(.coreMetricsExtractor)
  registry.register(.fileDiscovery)
  registry.register(.endpointNotificationSource)
  return registry
}()

private struct StandIn: Plugin {}
