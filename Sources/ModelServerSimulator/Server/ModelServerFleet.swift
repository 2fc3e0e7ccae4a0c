import NIOCore
import NIOHTTP1
import NIOPosix

/// Several simulated model servers in one process.
///
/// Each server lives on one event loop, with all of its connections; servers share nothing.
package final class ModelServerFleet: Sendable {
  /// `ip:port` of each server, in the order asked for.
  package let addresses: [String]

  private let channels: [any Channel]
  private let group: MultiThreadedEventLoopGroup

  private init(channels: [any Channel], group: MultiThreadedEventLoopGroup) {
    self.channels = channels
    self.group = group
    self.addresses = channels.map { Self.text($0.localAddress) }
  }

  /// Starts a server on each of `addresses` and returns once all of them listen. Blocks; not for event loops.
  ///
  /// - Throws: ``ConfigurationError`` for a setting out of its range, ``ListenError`` for an address that can't be
  ///   bound. Nothing is left running then.
  package static func start(
    _ configuration: SimulatorConfiguration, on addresses: [ListenAddress], threads: Int = 1
  ) throws -> ModelServerFleet {
    try configuration.validate()
    try EngineConfiguration.check(threads, in: 1...1024, "threads")
    let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    var channels: [any Channel] = []
    do {
      for address in addresses {
        do {
          channels.append(try listen(configuration, on: address, loop: group.next()).wait())
        } catch {
          throw ListenError(address: address, reason: "\(error)")
        }
      }
    } catch {
      try? group.syncShutdownGracefully()
      throw error
    }
    return ModelServerFleet(channels: channels, group: group)
  }

  /// Stops listening, drops all connections and ends the threads. Blocks; not for event loops.
  package func stop() throws {
    for channel in channels { try channel.close().wait() }
    try group.syncShutdownGracefully()
  }

  private static func listen(
    _ configuration: SimulatorConfiguration, on address: ListenAddress, loop: any EventLoop
  ) -> EventLoopFuture<any Channel> {
    loop.flatSubmit {
      do {
        let server = try ModelServer(configuration: configuration, loop: loop)
        let bound = NIOLoopBound(server, eventLoop: loop)
        return ServerBootstrap(group: loop)
          .serverChannelOption(.backlog, value: 4096)
          .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
          .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
          .childChannelOption(.maxMessagesPerRead, value: 16)
          .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
              try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
              try channel.pipeline.syncOperations.addHandler(HTTPConnection(server: bound.value))
            }
          }
          .bind(host: address.host, port: address.port)
          .map { channel in
            bound.value.address = text(channel.localAddress)
            return channel
          }
      } catch {
        return loop.makeFailedFuture(error)
      }
    }
  }

  private static func text(_ address: SocketAddress?) -> String {
    "\(address?.ipAddress ?? "?"):\(address?.port ?? 0)"
  }
}

/// An address that can't be listened on.
package struct ListenError: Error, CustomStringConvertible {
  /// The address.
  package let address: ListenAddress
  /// What the system said.
  package let reason: String

  package var description: String { "cannot listen on \(address): \(reason)" }
}
