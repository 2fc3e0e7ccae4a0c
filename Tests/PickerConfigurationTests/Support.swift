import PickerConfiguration
import Testing

/// The lines of the error that `body` throws; empty when it throws none.
func problems(_ body: () throws(ConfigurationError) -> Void) -> [String] {
  do {
    try body()
    return []
  } catch {
    return error.problems.map(\.description)
  }
}

/// A decoder over `yaml`, as a plugin's factory gets it.
func parameters(_ yaml: String, unknownFields: UnknownFieldPolicy = .reject) throws -> ParameterDecoder {
  let node = try ConfigNode.parse(yaml, source: "config.yaml")
  return ParameterDecoder(node, at: node.location.field("parameters"), unknownFields: unknownFields)
}

/// A document of the older family with `body` after its first two lines.
func document(_ body: String, lineage: Lineage = .inferenceExtension) -> String {
  "apiVersion: \(lineage.apiVersion)\nkind: EndpointPickerConfig\n\(body)"
}
