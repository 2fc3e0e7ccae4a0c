/// `session-affinity-scorer`: scores 1 for the endpoint that served the session before, 0 for all others.
public struct SessionAffinityScorer: Scorer, PlacementObserver, ResponseHeadersPlugin {
  let affinity: SessionAffinity

  /// Creates a scorer.
  public init(_ affinity: SessionAffinity) {
    self.affinity = affinity
  }

  /// Scores by session.
  public func score(_ cycle: SchedulingCycle, into scores: UnsafeMutableBufferPointer<Double>) {
    if let position = affinity.preferred(cycle) { scores[position] = 1 }
  }

  /// Remembers where the session's request went.
  public func requestPlaced(_ cycle: SchedulingCycle) { affinity.requestPlaced(cycle) }

  /// Tells the client what to send with the session's next request.
  public func addResponseHeaders(_ request: PlacedRequest, to headers: inout [(name: String, value: String)]) {
    affinity.addResponseHeaders(request, to: &headers)
  }
}

extension PluginRegistration {
  static let sessionAffinityScorer = PluginRegistration(
    type: "session-affinity-scorer", uses: [.sessionID], stability: .alpha
  ) { context in
    SessionAffinityScorer(SessionAffinity(context))
  }
}
