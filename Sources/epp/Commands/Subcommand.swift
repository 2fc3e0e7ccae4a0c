import ArgumentParser
import PickerConfiguration

/// A command of its own, named by the first word of the command line. Without such a word epp serves.
protocol Subcommand: ParsableCommand {
  /// The exit status for a command line that cannot be read.
  static var usageStatus: Int32 { get }
  /// Does the work.
  /// - Returns: the exit status.
  func perform() async throws -> Int32
  /// The exit status when ``perform()`` throws.
  static var failureStatus: Int32 { get }
}

enum Subcommands {
  private static let all: [any Subcommand.Type] = [CheckCommand.self, ReplayCommand.self]

  /// The command that the arguments name.
  static func named(in arguments: [String]) -> (any Subcommand.Type)? {
    arguments.first.flatMap { word in all.first { $0.configuration.commandName == word } }
  }
}

extension Subcommand {
  /// Reads the arguments after the command's name and does the work.
  /// - Returns: the exit status and what to print on the standard error stream.
  static func run(_ arguments: [String]) async -> (status: Int32, message: String?) {
    let name = "epp \(configuration.commandName ?? "")"
    let command: Self
    do {
      command = try Self.parse(arguments)
    } catch {
      let text = fullMessage(for: error)
      guard exitCode(for: error) == .success else { return (usageStatus, text) }
      print(text)
      return (0, nil)
    }
    do {
      return (try await command.perform(), nil)
    } catch {
      return (failureStatus, "\(name): \(error)")
    }
  }
}
