import Endpoints
import Logging
import NIOPosix
import Scheduling
import ServiceLifecycle

/// Hears what the model servers of a pool tell of their caches, for all precise indexes of its configuration, on a
/// thread of its own, so that a large message holds up neither requests nor health checks.
struct CacheEventService: Service {
  let feeds: [CacheEventFeed]
  private let group: MultiThreadedEventLoopGroup

  /// - Returns: nil when the configuration has no precise index.
  init?(_ plugins: LoadedPlugins, table: EndpointTable, logger: Logger) {
    let producers = plugins.instances.compactMap { instance in
      Self.producer(in: instance).map { (name: instance.name, producer: $0) }
    }
    guard !producers.isEmpty else { return nil }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    self.group = group
    feeds = producers.map { item in
      CacheEventFeed(
        name: item.name, producer: item.producer, table: table, eventLoop: group.next(), logger: logger)
    }
  }

  /// The producer with a precise index that an instance is, or brings.
  static func producer(in instance: PluginInstance) -> PrecisePrefixCacheProducer? {
    instance.plugin as? PrecisePrefixCacheProducer ?? (instance.plugin as? PrecisePrefixCacheScorer)?.ownProducer
  }

  /// Listens where servers are to connect.
  /// - Throws: ``ProcessError`` naming what cannot be listened on.
  func listen() async throws {
    for feed in feeds {
      do {
        try await feed.listen()
      } catch {
        await shutDown()
        throw ProcessError("\(feed.name): cannot listen on kvEventsConfig.zmqEndpoint: \(error)")
      }
    }
  }

  /// The set of endpoints has changed. Any thread.
  func poolChanged() {
    for feed in feeds { feed.update() }
  }

  func run() async throws {
    try? await gracefulShutdown()
    await shutDown()
  }

  /// Ends what was begun, for a pool that cannot be served after all.
  func shutDown() async {
    for feed in feeds { await feed.stop() }
    try? await group.shutdownGracefully()
  }
}
