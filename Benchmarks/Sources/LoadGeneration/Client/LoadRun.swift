import NIOCore
import NIOPosix
import NIOSSL

/// Runs a plan from connecting to the report.
package struct LoadRun: Sendable {
  private let plan: LoadPlan
  /// Counts to look at meanwhile.
  package let progress = LoadProgress()
  /// How long after the end open streams may go on.
  private static let drain: UInt64 = 5_000_000_000

  package init(_ plan: LoadPlan) {
    self.plan = plan
  }

  /// Runs the plan.
  /// - Parameter onSecond: called about once a second with the seconds since the start.
  /// - Throws: when the picker cannot be connected to, or a process that is to be measured cannot be read.
  package func run(onSecond: (Double) -> Void = { _ in }) async throws -> LoadReport {
    _ = try ProcessUsage(of: plan.processes)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: plan.threads)
    let result: Result<LoadReport, any Error>
    do {
      result = .success(try await run(group, onSecond))
    } catch {
      result = .failure(error)
    }
    try await group.shutdownGracefully()
    return try result.get()
  }

  private func run(_ group: MultiThreadedEventLoopGroup, _ onSecond: (Double) -> Void) async throws -> LoadReport {
    let workers = try await connect(group)
    let start = LoadWorker.now() + 10_000_000
    for worker in workers { worker.execute { $0.begin(at: start) } }
    let usages = try await watch(from: start, onSecond)
    for worker in workers { worker.execute { $0.stop() } }
    let deadline = LoadWorker.now() + min(Self.drain, plan.timeout)
    while progress.open.load(ordering: .relaxed) > 0, LoadWorker.now() < deadline {
      try await Task.sleep(for: .milliseconds(10))
    }
    for worker in workers { worker.execute { $0.close() } }
    // Closing ends the streams that were still open, which counts them.
    let closed = LoadWorker.now() + 1_000_000_000
    while progress.open.load(ordering: .relaxed) > 0, LoadWorker.now() < closed {
      try await Task.sleep(for: .milliseconds(10))
    }
    var measurement = LoadMeasurement(plan: plan, usages: usages)
    for worker in workers {
      let (recorder, addresses, streams) = try await worker.eventLoop.submit {
        (worker.value.recorder, worker.value.pool.addresses, worker.value.pool.streams)
      }.get()
      measurement.add(recorder, addresses: addresses, streams: streams)
    }
    return LoadReport(measurement)
  }

  private func connect(_ group: MultiThreadedEventLoopGroup) async throws -> [NIOLoopBound<LoadWorker>] {
    let tls = try plan.usesTLS ? Self.tlsContext() : nil
    let run = UInt32.random(in: .min ... .max)
    var workers: [NIOLoopBound<LoadWorker>] = []
    for index in 0..<plan.connections {
      let eventLoop = group.next()
      let worker = try await eventLoop.submit { [plan, progress] in
        NIOLoopBound(
          LoadWorker(plan, index: index, run: run, tls: tls, progress: progress, eventLoop: eventLoop),
          eventLoop: eventLoop)
      }.get()
      try await eventLoop.flatSubmit { worker.value.connect() }.get()
      workers.append(worker)
    }
    return workers
  }

  /// Certificates are not verified: gateways do not either, and pickers sign their own.
  private static func tlsContext() throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .none
    configuration.applicationProtocols = ["h2"]
    return try NIOSSLContext(configuration: configuration)
  }

  /// Waits for the end, and notes what the picker has used at the borders of the windows.
  private func watch(from start: UInt64, _ onSecond: (Double) -> Void) async throws -> [ProcessUsage] {
    var usages: [ProcessUsage] = []
    var second: UInt64 = 1
    while usages.count <= Recorder.windowCount {
      let border =
        start + plan.warmUp + plan.duration * UInt64(usages.count) / UInt64(Recorder.windowCount)
      let tick = start + second * 1_000_000_000
      let due = min(border, tick)
      let now = LoadWorker.now()
      if due > now { try await Task.sleep(for: .nanoseconds(Int64(due - now))) }
      if due == border { usages.append(try ProcessUsage(of: plan.processes)) }
      if due == tick {
        onSecond(Double(second))
        second += 1
      }
    }
    return usages
  }
}

extension NIOLoopBound {
  fileprivate func execute(_ body: @escaping @Sendable (Value) -> Void) {
    eventLoop.execute { body(self.value) }
  }
}
