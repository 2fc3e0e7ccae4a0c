import AsyncHTTPClient
import Logging
import NIOCore
import Scheduling
import ServiceLifecycle

/// Sends what plugins report to other processes, once a second for as long as requests are served.
struct ReportService: Service {
  private static let interval = Duration.seconds(1)
  private static let maximumAnswerBytes = 1 << 20

  /// The plugins in force.
  let reporters: @Sendable () -> [(instance: PluginInstance, plugin: any PeriodicReporter)]
  let client: HTTPClient
  let logger: Logger

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      var failing: Set<String> = []
      while !Task.isCancelled {
        try await Task.sleep(for: Self.interval)
        for (instance, reporter) in reporters() {
          guard let report = reporter.report() else { continue }
          let problem = await send(report)
          note(problem, of: instance.name, &failing)
        }
      }
    }
  }

  /// One line when reports begin to fail, one when they arrive again.
  private func note(_ problem: String?, of name: String, _ failing: inout Set<String>) {
    if let problem {
      guard failing.insert(name).inserted else { return }
      logger.warning("reports are lost", metadata: ["plugin": "\(name)", "problem": "\(problem)"])
    } else if failing.remove(name) != nil {
      logger.info("reports arrive again", metadata: ["plugin": "\(name)"])
    }
  }

  /// - Returns: what went wrong.
  private func send(_ report: Inquiry) async -> String? {
    var request = HTTPClientRequest(url: report.url)
    request.method = .POST
    request.headers = ["content-type": "application/json"]
    request.body = .bytes(ByteBuffer(bytes: report.body))
    do {
      let response = try await client.execute(
        request, timeout: .nanoseconds(Int64(min(report.timeout, 600) * 1e9)))
      // Read to its end, so that the connection can be used again.
      _ = try await response.body.collect(upTo: Self.maximumAnswerBytes)
      return (200..<300).contains(response.status.code) ? nil : "\(report.url): status \(response.status.code)"
    } catch {
      return "\(report.url): \(error)"
    }
  }
}
