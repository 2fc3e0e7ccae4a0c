import ArgumentParser
import Foundation
import LoadGeneration

/// The executable: flags in, report out.
@main
struct EppLoad: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "epp-load",
    abstract: "Asks an ext_proc endpoint picker for decisions as a proxy would, checks every answer, and measures.",
    discussion: """
      Exits with 1 when an answer was wrong or streams failed, and with 2 when the run could not be made.
      """)

  @Argument(help: "The picker, host:port.")
  var target: String
  @Flag(help: "Connect with TLS; certificates are not verified.")
  var tls = false
  @Option(help: "Connections, as a proxy's workers have one each.")
  var connections = 1
  @Option(help: "Threads that share the connections.")
  var threads = 1

  @Option(help: "Seconds to measure.")
  var duration = 10.0
  @Option(help: "Seconds before measuring begins.")
  var warmUp = 1.0
  @Option(help: "Closed loop: streams open at any time, on all connections together.")
  var inFlight = 16
  @Option(help: "Open loop: streams begun a second, whatever becomes of them.")
  var rate: Double?
  @Option(help: "Open loop: times between streams, constant or poisson.")
  var spacing = ArrivalProcess.Spacing.poisson
  @Option(help: "Open loop: most streams open at once on a connection.")
  var maxInFlight = 10_000
  @Option(help: "Seconds a stream may take.")
  var timeout = 10.0
  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 1

  @Option(help: "Length of a request body.")
  var bytes = 2_048
  @Option(help: "Part of a prompt that requests have in common, 0 to 1.")
  var common = 0.5
  @Option(help: "Number of different common parts.")
  var groups = 1
  @Option(help: "Model asked for.")
  var model = "meta-llama/Llama-3.1-8B-Instruct"
  @Option(help: "Request path.")
  var path = "/v1/chat/completions"
  @Option(help: "Take requests from a trace: JSON lines with input_length, output_length and hash_ids.")
  var trace: String?
  @Option(help: "Largest piece of a request body in one message; 0 for whole bodies.")
  var pieceBytes = 0
  @Flag(help: "End bodies with an empty message of its own.")
  var separateEnd = false

  @Option(help: "Response: json, sse or none.")
  var response = ResponseKind.json
  @Option(help: "Length of a JSON response.")
  var responseBytes = 512
  @Option(help: "Events of an SSE response.")
  var events = 100
  @Option(help: "Length of an event.")
  var eventBytes = 220
  @Option(help: "Milliseconds between events; 0 sends them at once.")
  var eventInterval = 0.0
  @Option(help: "Milliseconds from the answered request to its response.")
  var responseDelay = 0.0
  @Option(help: "End of a stream: half-close or reset.")
  var end = LoadPlan.Ending.halfClose

  @Option(help: "Endpoints that may be picked: ip:port, ip:first-last for ports, ip-last:port for addresses; repeat.")
  var endpoint: [String] = []
  @Option(help: "Process of the picker, to measure its CPU time and memory; repeat.")
  var pid: [Int] = []

  @Option(help: "Write the report to this file as JSON.")
  var json: String?
  @Option(help: "Draw the report into this file as SVG.")
  var svg: String?
  @Flag(help: "No progress line.")
  var quiet = false

  enum ResponseKind: String, ExpressibleByArgument, CaseIterable {
    case json, sse, none
  }

  func run() async throws {
    let run = LoadRun(try plan())
    let line = ProgressLine(run.progress, isQuiet: quiet)
    let report: LoadReport
    do {
      report = try await run.run { line.update(seconds: $0) }
    } catch {
      line.end()
      FileHandle.standardError.write(Data("epp-load: \(error)\n".utf8))
      throw ExitCode(2)
    }
    line.end()
    print(report.text, terminator: "")
    if let json { try report.json.write(to: URL(fileURLWithPath: json)) }
    if let svg { try Data(LoadPlot(report).svg.utf8).write(to: URL(fileURLWithPath: svg)) }
    if report.wrong + report.failed > 0 || report.completed == 0 { throw ExitCode(1) }
  }

  private func plan() throws -> LoadPlan {
    let (host, port) = try Self.address(target)
    var plan = LoadPlan(host: host, port: port, bodies: try bodies())
    plan.usesTLS = tls
    plan.connections = connections
    plan.threads = threads
    plan.arrivals = rate.map { .open(rate: $0, spacing: spacing) } ?? .closed(inFlight: inFlight)
    plan.maximumInFlight = maxInFlight
    plan.path = path
    plan.pieceBytes = pieceBytes
    plan.separatesEnd = separateEnd
    switch response {
    case .json: plan.response = .json(bytes: responseBytes)
    case .sse: plan.response = .events(count: events, bytes: eventBytes)
    case .none: plan.response = .none
    }
    plan.responseDelay = UInt64(responseDelay * 1e6)
    plan.messageInterval = UInt64(eventInterval * 1e6)
    plan.ending = end
    plan.endpoints = try endpoint.flatMap(EndpointRange.addresses)
    plan.warmUp = UInt64(warmUp * 1e9)
    plan.duration = UInt64(duration * 1e9)
    plan.timeout = UInt64(timeout * 1e9)
    plan.seed = seed
    plan.processes = pid
    return plan
  }

  private func bodies() throws -> LoadPlan.Bodies {
    guard let trace else {
      let shape = ChatBodies.Shape(
        bytes: bytes, common: common, groups: groups, model: model, stream: response == .sse)
      guard bytes >= shape.minimumBytes else {
        throw ValidationError("--bytes must be at least \(shape.minimumBytes)")
      }
      return .chat(shape)
    }
    let text = try Data(contentsOf: URL(fileURLWithPath: trace))
    return .trace(try TraceBodies.rows(text), model: model, stream: response == .sse)
  }

  func validate() throws {
    let checks: [(Bool, String)] = [
      (connections >= 1 && connections <= 10_000, "--connections must be 1 to 10000"),
      (threads >= 1 && threads <= 64, "--threads must be 1 to 64"),
      (duration >= 0.1 && duration <= 1e6, "--duration must be 0.1 to 1000000 seconds"),
      (warmUp >= 0 && warmUp <= 1e6, "--warm-up must be 0 to 1000000 seconds"),
      (inFlight >= connections, "--in-flight must be at least --connections"),
      (rate.map { $0 > 0 && $0 <= 1e7 } ?? true, "--rate must be positive"),
      (maxInFlight >= 1, "--max-in-flight must be positive"),
      (timeout > 0 && timeout <= 1e6, "--timeout must be positive"),
      (bytes <= 1 << 30, "--bytes must be at most 1073741824"),
      ((0...1).contains(common), "--common must be 0 to 1"),
      (groups >= 1 && groups <= 100_000, "--groups must be 1 to 100000"),
      (pieceBytes >= 0, "--piece-bytes must not be negative"),
      ((1...1_000_000).contains(events), "--events must be 1 to 1000000"),
      ((0...(1 << 24)).contains(eventBytes), "--event-bytes must be 0 to 16777216"),
      ((0...(1 << 30)).contains(responseBytes), "--response-bytes must be 0 to 1073741824"),
      (eventInterval >= 0 && eventInterval <= 1e6, "--event-interval must be 0 to 1000000"),
      (responseDelay >= 0 && responseDelay <= 1e6, "--response-delay must be 0 to 1000000"),
      (!model.utf8.contains(where: Self.needsEscape), "--model must not need escaping in JSON"),
    ]
    for (isFine, message) in checks where !isFine { throw ValidationError(message) }
    _ = try Self.address(target)
    _ = try endpoint.flatMap(EndpointRange.addresses)
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private static func address(_ text: String) throws -> (String, Int) {
    guard let colon = text.lastIndex(of: ":"), colon > text.startIndex,
      let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port)
    else { throw ValidationError("the picker must be given as host:port, not \"\(text)\"") }
    let host = text[..<colon]
    return (host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : String(host), port)
  }
}

extension ArrivalProcess.Spacing: ExpressibleByArgument {}
extension LoadPlan.Ending: ExpressibleByArgument {}

extension LoadReport {
  var json: Data {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return try encoder.encode(self)
    }
  }
}
