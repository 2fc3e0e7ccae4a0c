import Kubernetes
import NIOCore
import ServiceLifecycle

/// Has a Kubernetes API server review who may read the metrics port, on connections of its own, until the process stops.
struct AuthorizationReviews: ReviewAPI, Service {
  private let client: KubeClient

  /// Finds the API server.
  /// - Throws: ``ProcessError`` when nothing says where it is.
  init(_ options: KubernetesOptions, environment: [String: String], group: any EventLoopGroup) throws {
    do {
      client = KubeClient(try KubeConfiguration.find(path: options.kubeconfig, environment: environment), group: group)
    } catch {
      throw ProcessError("\(error)")
    }
  }

  func create(path: String, json: [UInt8]) async throws -> [UInt8] {
    try await client.create(path: path, json: json)
  }

  func run() async throws {
    try? await gracefulShutdown()
    await client.shutdown()
  }
}
