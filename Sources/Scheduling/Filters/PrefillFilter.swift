extension LabelFilter {
  /// `prefill-filter`: keeps endpoints whose label `llm-d.ai/role` says that they prefill, and none without the label.
  public static func prefill(_ attributes: AttributeSpace) -> LabelFilter {
    LabelFilter(label: ServerRole.label, values: ServerRole.prefill, allowsNoLabel: false, attributes: attributes)
  }
}

extension PluginRegistration {
  static let prefillFilter = PluginRegistration(type: "prefill-filter") { LabelFilter.prefill($0.attributes) }
}
