/// `session-affinity-filter`: keeps only the endpoint that served the session before, if it is a candidate; else all.
public struct SessionAffinityFilter: Filter, PlacementObserver, ResponseHeadersPlugin {
  let affinity: SessionAffinity

  /// Creates a filter.
  public init(_ affinity: SessionAffinity) {
    self.affinity = affinity
  }

  /// Filters by session.
  public func filter(_ cycle: SchedulingCycle, keep: UnsafeMutableBufferPointer<Bool>) {
    guard let position = affinity.preferred(cycle) else { return }
    keep.update(repeating: false)
    keep[position] = true
  }

  /// Remembers where the session's request went.
  public func requestPlaced(_ cycle: SchedulingCycle) { affinity.requestPlaced(cycle) }

  /// Tells the client what to send with the session's next request.
  public func addResponseHeaders(_ request: PlacedRequest, to headers: inout [(name: String, value: String)]) {
    affinity.addResponseHeaders(request, to: &headers)
  }
}

extension PluginRegistration {
  static let sessionAffinityFilter = PluginRegistration(
    type: "session-affinity-filter", uses: [.sessionID], stability: .alpha
  ) { context in
    SessionAffinityFilter(SessionAffinity(context))
  }
}
