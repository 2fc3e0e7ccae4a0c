import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// Ends the process at once when it is told to end a second time, so that nobody has to wait for streams that last.
struct SecondSignal: Service {
  let logger: Logger

  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    // The service is told last to stop, when nothing is left to wait for.
    await cancelWhenGracefulShutdown {
      var count = 0
      for await signal in signals {
        count += 1
        guard count > 1 else { continue }
        logger.warning("second signal: ending at once")
        exit(128 + signal.number)
      }
    }
  }
}

extension UnixSignal {
  fileprivate var number: Int32 { self == .sigint ? SIGINT : SIGTERM }
}
