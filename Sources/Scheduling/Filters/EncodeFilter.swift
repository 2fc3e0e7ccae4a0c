extension LabelFilter {
  /// `encode-filter`: keeps endpoints whose label `llm-d.ai/role` says that they encode, and none without the label.
  public static func encode(_ attributes: AttributeSpace) -> LabelFilter {
    LabelFilter(label: ServerRole.label, values: ServerRole.encode, allowsNoLabel: false, attributes: attributes)
  }
}

extension PluginRegistration {
  static let encodeFilter = PluginRegistration(type: "encode-filter") { LabelFilter.encode($0.attributes) }
}
