import Logging

extension Logger.Level {
  /// The level for the verbosity that `-v N` asks for: warnings at 0, information at 1 to 3 (2 is the default, 3 is
  /// called verbose), debugging at 4, everything from 5 up.
  public init(verbosity: Int) {
    self =
      switch verbosity {
      case ..<1: .warning
      case 1...3: .info
      case 4: .debug
      default: .trace
      }
  }
}
