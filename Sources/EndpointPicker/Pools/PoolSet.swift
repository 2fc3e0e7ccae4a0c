import Kubernetes
import Logging
import ServiceLifecycle

/// Runs what keeps the pools up to date until the process is asked to stop, and serves those that a selection finds.
actor PoolSet: Service {
  private struct Running {
    let pool: ServedPool
    let task: Task<Void, Never>
  }

  /// Time after which a pool whose configuration could not be loaded is tried again.
  private static let patience = Duration.seconds(10)

  private let opener: PoolOpener
  private let plan: PoolPlan
  private let logger: Logger
  private let opened: [PoolOpener.Opened]
  private let names: AsyncStream<[String]>
  private let found: AsyncStream<[String]>.Continuation
  private var running: [String: Running] = [:]
  private var latest: [String] = []
  private var retrying: Task<Void, Never>?

  /// Brings the pools known from the start into service.
  /// - Throws: ``ProcessError`` when a file cannot be read.
  init(_ plan: PoolPlan, opener: PoolOpener, logger: Logger) async throws {
    self.plan = plan
    self.opener = opener
    self.logger = logger
    var opened: [PoolOpener.Opened] = []
    for runtime in plan.runtimes { opened.append(try await opener.open(runtime)) }
    self.opened = opened
    (names, found) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  func run() async throws {
    for pool in opened { start(pool) }
    if let selection = plan.selection, let kubernetes = opener.kubernetes {
      let finder = kubernetes.finder(of: selection) { [found] in found.yield($0) }
      await cancelWhenGracefulShutdown {
        await withDiscardingTaskGroup { group in
          group.addTask { await finder.run() }
          for await names in self.names { await self.serve(names) }
          group.cancelAll()
        }
      }
    } else {
      try? await gracefulShutdown()
    }
    retrying?.cancel()
    for pool in running.values { pool.task.cancel() }
    for pool in running.values { await pool.task.value }
  }

  private func start(_ opened: PoolOpener.Opened) {
    let task = Task { [logger] in
      await withDiscardingTaskGroup { group in
        for service in opened.services {
          group.addTask {
            do {
              try await service.run()
            } catch {
              logger.error("pool \(opened.pool.name): \(error)")
            }
          }
        }
      }
    }
    running[opened.pool.name] = Running(pool: opened.pool, task: task)
  }

  /// Serves these pools and no others.
  private func serve(_ names: [String]) async {
    latest = names
    for (name, pool) in running where !names.contains(name) {
      running[name] = nil
      pool.task.cancel()
      await pool.task.value
      await opener.close(pool.pool)
      logger.notice("pool \(name) is not served any more")
    }
    var isComplete = true
    for name in names where running[name] == nil {
      do {
        start(try await opener.open(plan.load(name)))
        logger.notice("pool \(name) is served")
      } catch {
        isComplete = false
        logger.error("pool \(name) cannot be served: \(error)")
      }
    }
    opener.readiness.selectionIsKnown()
    retrying?.cancel()
    retrying =
      isComplete
      ? nil
      : Task { [weak self] in
        try? await Task.sleep(for: Self.patience)
        if !Task.isCancelled { await self?.tryAgain() }
      }
  }

  private func tryAgain() { found.yield(latest) }
}
