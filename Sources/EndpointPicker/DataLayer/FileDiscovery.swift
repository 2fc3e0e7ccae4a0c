import PickerConfiguration
import Scheduling

/// `file-discovery`: endpoints from a YAML or JSON file.
struct FileDiscovery: Plugin {
  let path: String
  /// Whether changes of the file take effect while running.
  let watchesFile: Bool
}

extension PluginRegistration {
  static let fileDiscovery = PluginRegistration(type: "file-discovery") { context in
    FileDiscovery(
      path: context.parameters.requiredString("path"),
      watchesFile: context.parameters.bool("watchFile", default: false))
  }
}
