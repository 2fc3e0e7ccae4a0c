import PickerConfiguration
import Scheduling

/// `endpoint-notification-source`: tells plugins which endpoints come and go.
///
/// All plugins that keep something for an endpoint are told here, whether a configuration says so or not; the type is
/// there so that configurations can.
struct EndpointNotificationSource: Plugin {}

extension PluginRegistration {
  static let endpointNotificationSource = PluginRegistration(type: "endpoint-notification-source") { _ in
    EndpointNotificationSource()
  }
}
