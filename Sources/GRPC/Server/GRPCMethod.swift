import NIOCore

/// A method the server offers.
public protocol GRPCMethod: Sendable {
  /// The path, `/package.Service/Method`.
  var path: String { get }
  /// Starts a call. Called on the event loop of the connection.
  func makeCall(_ stream: GRPCServerStream, on eventLoop: any EventLoop) -> any GRPCCall
}
