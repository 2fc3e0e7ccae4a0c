import Discovery
import PickerConfiguration
import ServiceLifecycle

/// Follows the configuration file.
///
/// A change is put in force when the file has looked the same twice, half a second apart: not every program replaces
/// files in one step, and the first half of a document may be a document.
struct ConfigurationWatch: Service {
  static let interval = Duration.milliseconds(500)

  let reloader: ConfigurationReloader
  /// Has seen the file before it was read at the start, so that no change is missed.
  let poller: FilePoller

  init(_ reloader: ConfigurationReloader, poller: FilePoller) {
    self.reloader = reloader
    self.poller = poller
  }

  /// A poller that has looked at the file.
  static func poller(path: String) -> FilePoller {
    var poller = FilePoller(path: path, limit: ConfigNode.maximumBytes)
    _ = poller.poll()
    return poller
  }

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      var poller = self.poller
      var isChanging = false
      while !Task.isCancelled {
        try await Task.sleep(for: Self.interval)
        switch poller.poll() {
        case .contents: isChanging = true
        case .failure(let error):
          isChanging = false
          self.reloader.refuse(error)
        case .unchanged:
          guard isChanging else { continue }
          isChanging = false
          self.reloader.reload()
        }
      }
    }
  }
}
