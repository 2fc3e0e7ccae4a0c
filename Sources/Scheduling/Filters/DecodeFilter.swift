extension LabelFilter {
  /// `decode-filter`: keeps endpoints whose label `llm-d.ai/role` says that they decode, and those without the label.
  public static func decode(_ attributes: AttributeSpace) -> LabelFilter {
    LabelFilter(label: ServerRole.label, values: ServerRole.decode, allowsNoLabel: true, attributes: attributes)
  }
}

extension PluginRegistration {
  static let decodeFilter = PluginRegistration(type: "decode-filter") { LabelFilter.decode($0.attributes) }
}
