import Endpoints
import PickerConfiguration

extension PluginContext {
  /// The column of the endpoint table that holds the attribute which a parameter names: a custom metric of
  /// `core-metrics-extractor`, or what another data source writes under that name. Values never written are NaN.
  func attributeColumn(_ parameter: String) -> ColumnID? {
    let name = parameters.requiredString(parameter)
    let producer = parameters.string("producer")
    if name.contains("/"), producer == nil {
      parameters.reject(parameter, "must not contain \"/\"; name the producer in \"producer\"")
    }
    guard !name.isEmpty else { return nil }
    let column = endpoints.column(named: name)
    if column == nil { parameters.reject(parameter, "too many different endpoint attributes") }
    return column
  }
}
