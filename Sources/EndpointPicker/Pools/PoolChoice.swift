import GRPC

/// How a stream finds its pool. Decided once for each stream.
enum PoolChoice: Sendable {
  /// There is one, whatever the proxy calls the picker.
  case only(CurrentPool)
  /// By what the proxy calls the picker.
  case byAuthority(PoolDirectory)
  /// By the port that the proxy connected to: the pool of this name.
  case named(String, PoolDirectory)

  /// What a stream begins with.
  enum Outcome {
    case pool(CurrentPool)
    case refused(GRPCStatus)
  }

  /// Chooses for a stream that begins. On its event loop.
  func choose(for stream: GRPCServerStream) -> Outcome {
    switch self {
    case .only(let pool):
      return .pool(pool)
    case .named(let name, let directory):
      if let pool = directory.pool(named: name) { return .pool(pool.current) }
      return .refused(GRPCStatus(.notFound, "there is no InferencePool \"\(name)\", which this port serves"))
    case .byAuthority(let directory):
      switch directory.choose(authority: stream.authority) {
      case .one(let pool): return .pool(pool)
      case .none:
        return .refused(
          GRPCStatus(
            .notFound, "no InferencePool served here names \"\(Self.text(stream))\" as its endpoint picker"))
      case .several:
        return .refused(
          GRPCStatus(
            .notFound,
            "several InferencePools name the Service of \"\(Self.text(stream))\" as their endpoint picker, and the port "
              + "does not tell them apart"))
      }
    }
  }

  private static func text(_ stream: GRPCServerStream) -> String { String(decoding: stream.authority, as: UTF8.self) }
}

/// The application's end of a stream that is for no pool, and was refused when it began.
final class RefusedCall: GRPCCall {
  func received(_ message: UnsafeRawBufferPointer) {}
  func receivedHalfClose() {}
  func exceeded(_ limit: GRPCLimit) {}
  func ended() {}
}
