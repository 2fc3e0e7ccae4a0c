import ExtProc
import GRPC
import NIOCore

/// `envoy.service.ext_proc.v3.ExternalProcessor/Process`.
struct ExtProcMethod: GRPCMethod {
  let path = ExtProcNames.methodPath
  let loops: LoopContexts
  let pool: CurrentPool
  let limits: ExtProcLimits

  func makeCall(_ stream: GRPCServerStream, on eventLoop: any EventLoop) -> any GRPCCall {
    let loop = loops.context(of: eventLoop)
    let call = loop.spareCalls.popLast() ?? ExtProcCall(loop: loop)
    call.begin(stream, pool: pool.value, limits: limits)
    return call
  }
}

/// Caps of one ext_proc stream.
public struct ExtProcLimits: Sendable, Hashable {
  /// Most bytes of a request body.
  public var maxBodyBytes = 64 << 20

  /// Creates the default caps.
  public init() {}
}
