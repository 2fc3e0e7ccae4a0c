import ExtProc
import GRPC
import NIOCore

/// `envoy.service.ext_proc.v3.ExternalProcessor/Process`.
struct ExtProcMethod: GRPCMethod {
  let path = ExtProcNames.methodPath
  let loops: LoopContexts
  let pools: PoolChoice
  let limits: ExtProcLimits

  func makeCall(_ stream: GRPCServerStream, on eventLoop: any EventLoop) -> any GRPCCall {
    let loop = loops.context(of: eventLoop)
    switch pools.choose(for: stream) {
    case .pool(let pool):
      let call = loop.spareCalls.popLast() ?? ExtProcCall(loop: loop)
      if let budget = pool.budget { stream.count(in: budget) }
      call.begin(stream, pool: pool.value, limits: limits)
      return call
    case .refused(let status):
      loop.logUnknownPool(status.message)
      stream.finish(status)
      return RefusedCall()
    }
  }
}

/// Caps and options of ext_proc streams.
struct ExtProcLimits: Sendable, Hashable {
  /// Most bytes of a request body.
  var maxBodyBytes = 64 << 20
  /// End streams when the request was answered, where the proxy buffers request bodies.
  var releasesStreamsEarly = false
}
