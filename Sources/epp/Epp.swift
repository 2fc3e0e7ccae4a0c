import ArgumentParser
import EndpointPicker
import Logging
import PickerConfiguration
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
    let flags = readFlags(Array(CommandLine.arguments.dropFirst()))
    let logger = makeLogger(flags)
    do {
      let options = try flags.options()
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

  private static func makeLogger(_ flags: EppFlags) -> Logger {
    let level = Logger.Level(verbosity: flags.v)
    let isConsole = flags.zapEncoder == "console"
    LoggingSystem.bootstrap { label in
      if isConsole { return TextLogHandler(label: label, level: level) }
      return JSONLogHandler(label: label, level: level)
    }
    return Logger(label: "epp")
  }

  private static func stop(_ code: Int32, _ message: String) -> Never {
    let line = Array("epp: \(message)\n".utf8)
    write(STDERR_FILENO, line, line.count)
    exit(code)
  }
}
