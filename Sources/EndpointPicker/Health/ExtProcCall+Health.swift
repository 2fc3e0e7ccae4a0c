import Endpoints
import ExtProc
import GRPC
import Scheduling

/// What passive health learns from the request.
///
/// Until an endpoint fails this costs a request one atomic load at each end.
extension ExtProcCall {
  /// The request goes to these endpoints.
  func beginAttempt(_ endpoints: [Endpoint]) {
    guard let health = pool?.health, let picked = endpoints.first else { return }
    let isProbe =
      health.board.unhealthyCount > 0 && health.board.placed(on: picked, at: loop.now(), health.parameters)
    attempt = HealthAttempt(
      picked: picked, others: endpoints.count > 1 ? Array(endpoints.dropFirst()) : [], isProbe: isProbe,
      hasOtherPort: forwarding?.destinationPort != nil)
  }

  /// The response's headers arrived, and with them what the proxy knows about the endpoint that served.
  func judgeAttempt(_ headers: HeaderMapView) {
    guard let attempt, let health = pool?.health else { return }
    guard let isFailure = Self.isFailure(headers) else { return }
    self.attempt = nil
    health.board.sawResponse()
    let served = servedEndpoint(attempt)
    guard isFailure || served !== attempt.picked || attempt.isProbe || health.board.hasSuspects else { return }
    if served !== attempt.picked {
      // A proxy tries the destination's endpoints in order.
      note(attempt.picked, isProbe: attempt.isProbe, failure: .fallback, health)
      for other in attempt.others {
        if other === served { break }
        note(other, isProbe: false, failure: .fallback, health)
      }
    }
    let isProbe = attempt.isProbe && served === attempt.picked
    note(served, isProbe: isProbe, failure: isFailure ? .status : nil, health)
  }

  /// The request is over, or its response will not be seen.
  /// - Parameter wasReset: whether the proxy reset the stream.
  func endAttempt(wasReset: Bool) {
    guard let attempt, let health = pool?.health else { return }
    self.attempt = nil
    let seconds = Double(loop.clock.nanoseconds() &- receivedAt) * 1e-9
    if wasReset, health.board.hasSeenResponses, seconds >= health.parameters.resetGracePeriod {
      note(attempt.picked, isProbe: attempt.isProbe, failure: .reset, health)
    } else {
      health.board.endedUnknown(attempt.onPicked(arrival: Double(receivedAt) * 1e-9), at: loop.now())
    }
  }

  private func note(
    _ endpoint: Endpoint, isProbe: Bool, failure: HealthBoard.Cause?, _ health: PassiveHealthFilter
  ) {
    let now = loop.now()
    let attempt = HealthBoard.Attempt(
      endpoint: endpoint, arrival: Double(receivedAt) * 1e-9, isProbe: isProbe)
    let change =
      if let failure {
        health.board.failed(attempt, failure, at: now, health.parameters)
      } else {
        health.board.succeeded(attempt, at: now)
      }
    if let change { loop.log(change, of: endpoint, cause: failure) }
  }

  /// The endpoint that the proxy says served, else the first of the destination.
  private func servedEndpoint(_ attempt: HealthAttempt) -> Endpoint {
    guard let address = attempt.served, !attempt.hasOtherPort, address != attempt.picked.addressText, let pool else {
      return attempt.picked
    }
    if let other = attempt.others.first(where: { $0.addressText == address }) { return other }
    let snapshot = pool.endpoints.snapshot()
    // A report that names no endpoint says nothing.
    return snapshot.index(ofAddress: address).map { snapshot.endpoints[$0] } ?? attempt.picked
  }

  /// Whether a response tells that its server cannot serve; nil for one that is not the final one.
  ///
  /// 501 is about the request. gRPC tells in a header when there is no body: UNKNOWN, DEADLINE_EXCEEDED, INTERNAL,
  /// UNAVAILABLE and DATA_LOSS, the codes that stand for a status of 5xx.
  private static func isFailure(_ headers: HeaderMapView) -> Bool? {
    guard let status = headers.last(":status" as StaticString), let first = status.first else { return false }
    if first == UInt8(ascii: "1") { return nil }
    if first == UInt8(ascii: "5") { return !status.elementsEqual("501".utf8) }
    guard first == UInt8(ascii: "2"), let code = headers.last("grpc-status" as StaticString) else { return false }
    return ["2", "4", "13", "14", "15"].contains { code.elementsEqual($0.utf8) }
  }
}

extension HealthAttempt {
  fileprivate func onPicked(arrival: Double) -> HealthBoard.Attempt {
    HealthBoard.Attempt(endpoint: picked, arrival: arrival, isProbe: isProbe)
  }
}
