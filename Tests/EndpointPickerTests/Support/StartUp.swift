import Endpoints
import EndpointPicker
import PickerConfiguration
import Scheduling

/// What starting with a configuration comes to, short of opening ports.
enum StartUp: Equatable {
  case ready(warnings: [String])
  /// Lines of a `ConfigurationError`.
  case configuration([String])
  case process(String)
  case other(String)

  /// Starts with a document of `body` after its first two lines.
  init(
    _ body: String, lineage: Lineage = .llmD, registry: PluginRegistry = .standard,
    _ change: (inout ProcessOptions) -> Void = { _ in }
  ) {
    self.init(registry: registry) { options in
      options.configuration = .text("apiVersion: \(lineage.apiVersion)\nkind: EndpointPickerConfig\n\(body)")
      change(&options)
    }
  }

  /// Starts with options that name one endpoint, unless changed.
  init(registry: PluginRegistry = .standard, _ change: (inout ProcessOptions) -> Void) {
    let log = CapturedLog()
    var options = ProcessOptions()
    options.endpoints = [
      EndpointDescriptor(id: EndpointID(name: "a"), address: EndpointAddress(host: "127.0.0.1", port: 8_000))
    ]
    change(&options)
    do {
      _ = try EndpointPickerProcess(options: options, registry: registry, logger: log.logger)
      self = .ready(warnings: log.messages(.warning))
    } catch let error as ConfigurationError {
      self = .configuration(error.problems.map(\.description))
    } catch let error as ProcessError {
      self = .process(error.description)
    } catch {
      self = .other("\(error)")
    }
  }

  /// The one line of a configuration error; nil when there is none, or more.
  var onlyProblem: String? {
    guard case .configuration(let lines) = self, lines.count == 1 else { return nil }
    return lines.first
  }
}
