import ArgumentParser
import CAccelerate
import EndpointPicker
import Foundation
import Logging
import PickerConfiguration
import RequestTracing
import Telemetry

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The executable: reads flags, starts the picker, and turns errors into messages and exit codes — 2 for flags that
/// cannot be read, 1 for everything that keeps the picker from starting.
@main
enum Epp {
  static func main() async {
    epp_keep_freed_memory()
    let arguments = Array(CommandLine.arguments.dropFirst())
    if let command = Subcommands.named(in: arguments) {
      let outcome = await command.run(Array(arguments.dropFirst()))
      if let message = outcome.message { report(message) }
      exit(outcome.status)
    }
    let flags = readFlags(arguments)
    do {
      var options = try flags.options()
      // The reference's way of switching flow control on before there were feature gates.
      options.enablesFlowControl =
        getenv("ENABLE_EXPERIMENTAL_FLOW_CONTROL_LAYER").map { String(cString: $0) } == "true"
      if flags.validate { validate(options) }
      let logger = try makeLogger(flags)
      if flags.tracing {
        options.tracing = try TracingSettings(environment: ProcessInfo.processInfo.environment) { text in
          logger.warning("\(text)")
        }
      }
      for name in flags.givenWithoutEffect {
        logger.warning("--\(name) is accepted and has no effect in this version")
      }
      for (name, instead) in flags.givenDeprecated { logger.warning("--\(name) is deprecated; use \(instead)") }
      let process = try EndpointPickerProcess(options: options, logger: logger)
      try await process.run()
    } catch {
      stop(1, "\(error)")
    }
  }

  /// Checks the configuration instead of serving.
  private static func validate(_ options: ProcessOptions) -> Never {
    do {
      for (number, options) in options.ofEachConfiguration.enumerated() {
        let check = try ConfigurationCheck(options)
        for warning in check.warnings { report("warning: \(warning)") }
        print(number > 0 ? "---\n" : "", check.effectiveConfiguration, separator: "", terminator: "")
      }
      exit(0)
    } catch {
      for problem in error.problems { report("\(problem)") }
      exit(1)
    }
  }

  private static func readFlags(_ arguments: [String]) -> EppFlags {
    do {
      let parsed = try EppFlags.table.parse(arguments)
      if parsed.isHelpRequested {
        print(EppFlags.helpMessage())
        exit(0)
      }
      if let word = parsed.positional.first { throw GoFlagError.unexpectedArgument(word) }
      var flags = try EppFlags.parse(parsed.words)
      flags.given = parsed.names
      return flags
    } catch let error as GoFlagError {
      stop(2, "\(error)\n\n\(EppFlags.helpMessage())")
    } catch {
      stop(2, "\(EppFlags.message(for: error))\n\n\(EppFlags.helpMessage())")
    }
  }

  private static func makeLogger(_ flags: EppFlags) throws -> Logger {
    let level = Logger.Level(verbosity: try flags.verbosity())
    let isConsole = flags.zapEncoder == "console"
    LoggingSystem.bootstrap { label in
      if isConsole { return TextLogHandler(label: label, level: level) }
      return JSONLogHandler(label: label, level: level)
    }
    return Logger(label: "epp")
  }

  private static func stop(_ code: Int32, _ message: String) -> Never {
    report("epp: \(message)")
    exit(code)
  }

  /// Writes a line to the standard error stream.
  static func report(_ message: String) {
    let line = Array("\(message)\n".utf8)
    write(STDERR_FILENO, line, line.count)
  }
}
