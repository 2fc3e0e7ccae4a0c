import PickerConfiguration

extension PluginRegistration {
  static let disaggregatedProfileHandler = PluginRegistration(
    type: "disagg-profile-handler", requires: [.prefixCacheMatch, .tokenizedPrompt], refersToPlugins: true
  ) { context in
    let decoder = context.parameters
    let order = decoder.stageOrder()
    let profiles = decoder.child("profiles")
    let deciders = decoder.child("deciders")
    let flat = [
      "decodeProfile", "prefillProfile", "encodeProfile", "prefillDeciderPluginName", "deciderPluginName",
      "encodeDeciderPluginName",
    ]
    let flatSet = flat.filter(decoder.isSet)
    if let first = flatSet.first, profiles != nil || deciders != nil {
      decoder.reject(first, "must not be set together with \"profiles\" or \"deciders\"")
    }
    for name in flatSet { decoder.deprecated(name, use: "profiles\" and \"deciders", isHonoured: true) }

    var names = DisaggregatedProfileHandler.ProfileNames()
    names.decode = profiles?.string("decode") ?? decoder.string("decodeProfile") ?? names.decode
    names.prefill = profiles?.string("prefill") ?? decoder.string("prefillProfile") ?? names.prefill
    names.encode = profiles?.string("encode") ?? decoder.string("encodeProfile") ?? names.encode

    let nestedPrefill = deciders?.string("prefill")
    let flatPrefill = decoder.string("prefillDeciderPluginName")
    let oldPrefill = decoder.string("deciderPluginName")
    let prefillField =
      nestedPrefill != nil ? "deciders.prefill" : flatPrefill != nil ? "prefillDeciderPluginName" : "deciderPluginName"
    let prefill = context.decider(nestedPrefill ?? flatPrefill ?? oldPrefill, parameter: prefillField)
    let nestedEncode = deciders?.string("encode")
    let encode = context.decider(
      nestedEncode ?? decoder.string("encodeDeciderPluginName"),
      parameter: nestedEncode != nil ? "deciders.encode" : "encodeDeciderPluginName")
    if order == .prefillFirst, prefill != nil {
      decoder.reject(prefillField, "must not be set when stageOrder is prefill-first")
    }
    return DisaggregatedProfileHandler(order: order, names: names, prefillDecider: prefill, encodeDecider: encode)
  }
}

extension PluginContext {
  /// The decider that a parameter names.
  func decider(_ name: String?, parameter: String) -> (any DisaggregationDecider)? {
    guard let name, !name.isEmpty else { return nil }
    return plugin(
      named: name, as: (any DisaggregationDecider).self, what: "a disaggregation decider", parameter: parameter)
  }
}

extension ParameterDecoder {
  /// `stageOrder`, read without regard to letter case, dashes and underscores.
  fileprivate func stageOrder() -> DisaggregatedProfileHandler.StageOrder {
    let text = string("stageOrder", default: "decode-first")
    switch text.lowercased().filter({ $0 != "-" && $0 != "_" }) {
    case "", "decodefirst", "decode": return .decodeFirst
    case "prefillfirst", "prefill": return .prefillFirst
    default:
      reject("stageOrder", "must be \"decode-first\" or \"prefill-first\", found \"\(text)\"")
      return .decodeFirst
    }
  }
}
