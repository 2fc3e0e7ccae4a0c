import Scheduling

/// What plugins that follow the request are told.
extension ExtProcCall {
  /// A piece of the response's body is about to be read.
  func observePiece(_ piece: UnsafeRawBufferPointer, now: UInt64) {
    guard !observations.isEmpty, response.byteCount == 0, !piece.isEmpty else { return }
    let seconds = Double(now &- receivedAt) * 1e-9
    for observation in observations { observation.responseBegan(after: seconds) }
  }

  /// The request is over.
  /// - Parameter isComplete: the response went through to its end.
  func endObservations(isComplete: Bool) {
    guard !observations.isEmpty else { return }
    var end = RequestEnd(
      isComplete: isComplete && errorCode == nil, seconds: Double(loop.clock.nanoseconds() &- receivedAt) * 1e-9)
    end.outputTokens = response.usage?.completionTokens ?? (response.times.count > 0 ? response.times.count : nil)
    for observation in observations { observation.ended(end) }
    observations = []
  }
}
