import ArgumentParser
import AsyncHTTPClient
import DataPlaneCheck
import NIOCore
import PickerConfiguration

/// `epp check`: says what a proxy's configuration does with a picker, what will break, and what mends it.
struct CheckCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Checks how an Envoy proxy is set up to work with the picker.",
    usage: "epp check [--json] [--filter <name>] (<file> | --admin <url> | --metrics <url>)",
    discussion: """
      Reads an Envoy configuration, either a file (what /config_dump of the admin port answers, or a bootstrap file in \
      YAML or JSON) or straight from an admin port. With --metrics it looks at the streams that a running epp has received \
      instead. The exit status is 0 when all is well, 1 with warnings, 2 with \
      errors, and 3 when nothing could be checked.
      """)

  static let usageStatus: Int32 = 3
  static let failureStatus: Int32 = 3

  @Argument(help: "A file with a configuration dump or a bootstrap configuration.")
  var file: String?
  @Option(help: ArgumentHelp("Address of Envoy's admin port, such as http://127.0.0.1:9901.", valueName: "url"))
  var admin: String?
  @Option(help: ArgumentHelp("Address of a running epp's metrics, such as http://127.0.0.1:9090.", valueName: "url"))
  var metrics: String?
  @Option(
    help: ArgumentHelp("Name of the picker's filter, where several external processors are in use.", valueName: "name"))
  var filter: String?
  @Flag(help: "Print the report as JSON.")
  var json = false

  @Option(help: "The configuration that epp is started with; tells how many endpoints it answers with.")
  var configFile: String?
  @Option(help: "Whether epp is started with --secure-serving.")
  var secureServing: Bool?
  @Flag(help: "epp is started with --cert-path.")
  var certPath = false
  @Flag(help: "epp is started with --early-stream-release.")
  var earlyStreamRelease = false

  func validate() throws {
    guard [file, admin, metrics].count(where: { $0 != nil }) == 1 else {
      throw ValidationError("give one of a file, --admin with an address, and --metrics with an address")
    }
  }

  func perform() async throws -> Int32 {
    let report = try await makeReport()
    print(json ? report.json : report.text, terminator: "")
    return report.exitStatus
  }

  private func makeReport() async throws -> CheckReport {
    let settings = try pickerSettings()
    if let metrics {
      let source = Self.address(metrics, path: "/metrics")
      let page = String(decoding: try await Self.fetch(source), as: UTF8.self)
      var streams = try ObservedStreams(metrics: page, source: source)
      streams.picker = settings
      return CheckReport(streams, source: source)
    }
    let source = file ?? Self.address(admin ?? "", path: "/config_dump")
    let document =
      if let file {
        try EnvoyValue.read(path: file)
      } else {
        try EnvoyValue.parse(try await Self.fetch(source), source: source)
      }
    return CheckReport(
      try DataPlane(document, source: source), source: source, picker: settings, filter: filter)
  }

  private func pickerSettings() throws -> PickerSettings {
    var settings = PickerSettings()
    settings.servesTLS = secureServing
    settings.hasCertificate = certPath
    settings.releasesStreamsEarly = earlyStreamRelease
    if let configFile {
      settings.maximumEndpoints = Self.maximumEndpoints(try EndpointPickerConfig.load(.file(path: configFile)))
    }
    return settings
  }

  private static func maximumEndpoints(_ config: EndpointPickerConfig) -> Int {
    let counts = config.plugins.compactMap { plugin -> Int? in
      let entry = plugin.parameters?.entries?.first { $0.key == "maxNumOfEndpoints" }
      guard case .integer(let count)? = entry?.value.scalar else { return nil }
      return count
    }
    return counts.max() ?? 1
  }

  /// The address with the path, if it has none.
  private static func address(_ given: String, path: String) -> String {
    let address = given.contains("://") ? given : "http://\(given)"
    guard !address.contains(path) else { return address }
    return address.hasSuffix("/") ? address.dropLast() + path : address + path
  }

  private static func fetch(_ address: String) async throws -> [UInt8] {
    var configuration = HTTPClient.Configuration()
    // Nobody there is an answer too.
    configuration.connectionPool.retryConnectionEstablishment = false
    let client = HTTPClient(configuration: configuration)
    do {
      let bytes = try await fetch(address, by: client)
      try await client.shutdown()
      return bytes
    } catch {
      try? await client.shutdown()
      throw error as? CheckError ?? CheckError("\(address): \(error)")
    }
  }

  private static func fetch(_ address: String, by client: HTTPClient) async throws -> [UInt8] {
    let response = try await client.execute(HTTPClientRequest(url: address), timeout: .seconds(30))
    guard response.status == .ok else { throw CheckError("\(address): status \(response.status)") }
    return Array(buffer: try await response.body.collect(upTo: EnvoyValue.maximumBytes))
  }
}
