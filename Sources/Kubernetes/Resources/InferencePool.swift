/// An InferencePool of either API version, read as one.
public struct InferencePool: KubeObject, Hashable {
  /// What every object has.
  public var metadata: ObjectMeta
  /// Labels that pods must have, all of them.
  public let selector: [String: String]
  /// Ports of each pod; every one is an endpoint of its own.
  public let targetPorts: [UInt16]
  /// Name of the Service that proxies reach the picker by; nil when the pool names none, or something else.
  public let pickerService: String?
  /// Port of that Service.
  public let pickerPort: Int?

  private enum CodingKeys: String, CodingKey {
    case metadata, spec
  }

  private enum SpecKeys: String, CodingKey {
    case selector, targetPorts, targetPortNumber, endpointPickerRef, extensionRef
  }

  private struct Labels: Decodable {
    var matchLabels: [String: String]?
  }

  private struct Port: Decodable {
    var number: Int
  }

  private struct PickerReference: Decodable {
    var group: String?
    var kind: String?
    var name: String
    var port: Port?
    var portNumber: Int?
  }

  /// Reads either version.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    metadata = try container.decode(ObjectMeta.self, forKey: .metadata)
    let spec = try container.nestedContainer(keyedBy: SpecKeys.self, forKey: .spec)
    // v1 nests the labels, v1alpha2 does not.
    if let nested = try? spec.decode(Labels.self, forKey: .selector), let labels = nested.matchLabels {
      selector = labels
    } else {
      selector = try spec.decode([String: String].self, forKey: .selector)
    }
    var numbers = try spec.decodeIfPresent([Port].self, forKey: .targetPorts)?.map(\.number) ?? []
    if let number = try spec.decodeIfPresent(Int.self, forKey: .targetPortNumber) { numbers.append(number) }
    targetPorts = try numbers.map { number in
      guard let port = UInt16(exactly: number), port > 0 else {
        throw DecodingError.dataCorruptedError(
          forKey: .targetPorts, in: spec, debugDescription: "\(number) is not a port")
      }
      return port
    }
    let reference =
      try spec.decodeIfPresent(PickerReference.self, forKey: .endpointPickerRef)
      ?? spec.decodeIfPresent(PickerReference.self, forKey: .extensionRef)
    let isService = (reference?.kind ?? "Service") == "Service" && (reference?.group ?? "").isEmpty
    pickerService = isService ? reference?.name : nil
    pickerPort = isService ? reference?.port?.number ?? reference?.portNumber : nil
  }
}
