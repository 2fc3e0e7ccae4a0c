/// The model that a request is sent on with, where that is not the one the client asked for.
struct ModelRewrite: Sendable, Hashable {
  /// The name sent on.
  let target: [UInt8]
  /// The client's name.
  let client: [UInt8]
}
