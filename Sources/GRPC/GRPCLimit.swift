/// A cap that a call ran into.
public enum GRPCLimit: Sendable, Hashable {
  /// A message announced more than the allowed number of bytes.
  case messageSize(announced: Int)
  /// The connection holds as many buffered bytes as one connection may.
  case connectionBuffers
  /// The process holds as many buffered bytes as it may.
  case totalBuffers
}
