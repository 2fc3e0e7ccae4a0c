import Logging
import ServiceLifecycle
import UnixSignals

/// Reads files again whenever the process gets SIGHUP, whether they are followed or not.
struct HangupSignal: Service {
  let logger: Logger
  /// Reads the files.
  let action: @Sendable () -> Void

  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sighup)
    await cancelWhenGracefulShutdown {
      for await _ in signals {
        logger.notice("SIGHUP: reading files again")
        action()
      }
    }
  }
}
