import PickerConfiguration

/// Which plugins of the configuration before go on under a new one, with all they know: those whose name, type and
/// parameters in force are the same.
///
/// Plugins that refer to others are made anew, because what they refer to may have been. The attributes keep their
/// places, so that plugins made at different times understand each other.
struct PluginInheritance {
  private let predecessor: LoadedPlugins?
  /// Where the attributes of the new configuration get their places.
  let attributes: AttributeSpace

  /// - Parameter predecessor: the configuration before; nil for the first one.
  init(_ predecessor: LoadedPlugins?, lineage: Lineage) {
    // The older API version gives some parameters other meanings.
    let isUsable = predecessor.map { $0.configuration.lineage == lineage && !$0.attributes.isSpent } ?? false
    self.predecessor = isUsable ? predecessor : nil
    attributes = self.predecessor?.attributes ?? AttributeSpace()
  }

  /// The plugin that goes on as the instance described; nil when there is none.
  func plugin(
    named name: String, _ registration: PluginRegistration, _ parameters: [EffectiveParameter]
  ) -> (any Plugin)? {
    guard let predecessor, !registration.refersToPlugins, let instance = predecessor.instance(named: name),
      instance.type == registration.type, let before = predecessor.parameters[name],
      before.elementsEqual(parameters, by: { $0.name == $1.name && $0.value == $1.value })
    else { return nil }
    return instance.plugin
  }
}
