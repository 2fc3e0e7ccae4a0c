/// A cap that a call ran into.
public enum GRPCLimit: Sendable, Hashable {
  /// A message announced more than the allowed number of bytes.
  case messageSize(announced: Int)
  /// The connection holds as many buffered bytes as one connection may.
  case connectionBuffers
  /// The process holds as many buffered bytes as it may.
  case totalBuffers
  /// The streams that the application counts together hold as many buffered bytes as they may.
  case sharedBuffers
  /// The request took longer to arrive than it may.
  case requestTime
}

extension GRPCLimit: CustomStringConvertible {
  /// The limit in words, for the client's status message.
  public var description: String {
    switch self {
    case .messageSize(let announced): "a message of \(announced) bytes is larger than allowed"
    case .connectionBuffers: "the connection holds as many buffered bytes as it may"
    case .totalBuffers: "the server holds as many buffered bytes as it may"
    case .sharedBuffers: "streams of this kind hold as many buffered bytes as they may"
    case .requestTime: "the request took too long to arrive"
    }
  }
}
