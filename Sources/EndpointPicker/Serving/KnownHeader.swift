/// The request headers that every request is asked for, so that they are found in the one pass that stores them.
enum KnownHeader: Int, CaseIterable {
  case path
  case originalPath
  case forwardedPath
  case requestID
  case prefer
  case traceparent
  // Control headers have an older and a newer name; the newer one wins (Endpoint Picker protocol, names).
  case objective
  case olderObjective
  case fairnessID
  case olderFairnessID
  case modelRewrite
  case olderModelRewrite

  /// The name in lower case, as HTTP/2 demands.
  var name: StaticString {
    switch self {
    case .path: ":path"
    case .originalPath: "x-original-path"
    case .forwardedPath: "x-forwarded-path"
    case .requestID: "x-request-id"
    case .prefer: "prefer"
    case .traceparent: "traceparent"
    case .objective: "x-llm-d-inference-objective"
    case .olderObjective: "x-gateway-inference-objective"
    case .fairnessID: "x-llm-d-inference-fairness-id"
    case .olderFairnessID: "x-gateway-inference-fairness-id"
    case .modelRewrite: "x-llm-d-model-name-rewrite"
    case .olderModelRewrite: "x-gateway-model-name-rewrite"
    }
  }

  /// The headers by the length of their names, of which no more than two are the same.
  private static let byLength: [[KnownHeader]] = {
    var table: [[KnownHeader]] = []
    for header in allCases {
      let length = header.name.utf8CodeUnitCount
      while table.count <= length { table.append([]) }
      table[length].append(header)
    }
    return table
  }()

  /// The header with this name.
  @inline(__always)
  static func named(_ name: UnsafeRawBufferPointer) -> KnownHeader? {
    guard name.count < byLength.count else { return nil }
    for header in byLength[name.count] where equal(name, header.name) { return header }
    return nil
  }

  private static func equal(_ name: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
    for index in 0..<name.count where name[index] != text.utf8Start[index] { return false }
    return true
  }
}
