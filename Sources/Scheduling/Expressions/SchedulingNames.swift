import Endpoints
import Expressions
import PickerConfiguration

/// Resolves the names in an expression of the configuration, and notes which values it takes.
final class SchedulingNames: ExpressionNames {
  private let endpoints: EndpointTable
  private let attributes: AttributeSpace
  /// The values named so far; inputs are indexes.
  private(set) var values: [SchedulingValue] = []
  private var inputs: [String: ExpressionInput] = [:]
  private var textNames: [Int: (isLabel: Bool, name: String)] = [:]
  /// The endpoint table has no room for another attribute.
  private(set) var hasTooManyAttributes = false

  init(endpoints: EndpointTable, attributes: AttributeSpace) {
    self.endpoints = endpoints
    self.attributes = attributes
  }

  /// Every name, for suggestions.
  static let knownNames =
    SchedulingValue.OfRequest.allCases.map(\.rawValue) + SchedulingValue.OfEndpoint.allCases.map(\.rawValue)
    + ["model", "header", "label", "attribute"] + ExpressionError.functionNames

  func variable(_ name: String) -> ExpressionInput? {
    if let value = SchedulingValue.OfRequest(rawValue: name) {
      return input(name, .ofRequest(value), value == .streaming ? .boolean : .number)
    }
    if let value = SchedulingValue.OfEndpoint(rawValue: name) {
      return input(name, .ofEndpoint(value), value.isBoolean ? .boolean : .number, variesByElement: true)
    }
    return name == "model" ? input(name, .model, .text) : nil
  }

  func call(_ function: String, argument: String) -> ExpressionInput? {
    let name = "\(function)(\(argument))"
    switch function {
    case "header":
      let input = input(name, .header(argument.lowercased()), .text)
      textNames[input.id] = (false, argument.lowercased())
      return input
    case "label":
      let cache = SnapshotCache(attributes) { LabelValues($0, key: argument) }
      let input = input(name, .label(cache), .text, variesByElement: true)
      textNames[input.id] = (true, argument)
      return input
    case "attribute":
      guard let column = endpoints.column(named: argument) else {
        hasTooManyAttributes = true
        return input(name, .attribute(.updatedAt), .number, variesByElement: true)
      }
      return input(name, .attribute(column), .number, variesByElement: true)
    default:
      return nil
    }
  }

  func number(of text: ExpressionInput) -> ExpressionInput? {
    guard let (isLabel, name) = textNames[text.id] else { return nil }
    guard isLabel else { return input("number(header(\(name)))", .headerNumber(name), .number) }
    let cache = SnapshotCache(attributes, each: { Double($0.labels[name] ?? "") ?? .nan })
    return input("number(label(\(name)))", .labelNumber(cache), .number, variesByElement: true)
  }

  private func input(
    _ name: String, _ value: SchedulingValue, _ type: ExpressionType, variesByElement: Bool = false
  ) -> ExpressionInput {
    if let known = inputs[name] { return known }
    let input = ExpressionInput(id: values.count, type: type, variesByElement: variesByElement)
    values.append(value)
    inputs[name] = input
    return input
  }
}
