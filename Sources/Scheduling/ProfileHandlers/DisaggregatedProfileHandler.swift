/// `disagg-profile-handler`: runs the stages of inference on endpoints of their own where deciders say so.
///
/// Decode first: decode, then encode and prefill if their deciders want them, given the decode endpoint. Prefill first:
/// prefill if it is configured, encode if its decider wants it, then decode. The request goes to the decode endpoint;
/// headers tell it where the other stages run. Only decode must succeed.
public struct DisaggregatedProfileHandler: ProfileHandler, PlacementObserver {
  /// Which stage goes first.
  public enum StageOrder: Sendable {
    case decodeFirst
    case prefillFirst
  }

  /// The names of the stages' profiles.
  public struct ProfileNames: Sendable, Hashable {
    /// The stage that answers the client.
    public var decode = "decode"
    /// The stage that computes the prompt.
    public var prefill = "prefill"
    /// The stage that encodes media.
    public var encode = "encode"

    /// Creates the default names.
    public init() {}
  }

  let order: StageOrder
  let names: ProfileNames
  let prefillDecider: (any DisaggregationDecider)?
  let encodeDecider: (any DisaggregationDecider)?
  private let headers: StageHeaders

  /// Creates a handler.
  /// - Parameters:
  ///   - prefillDecider: without one, prefill never runs apart when decode goes first.
  ///   - encodeDecider: without one, encode never runs apart.
  public init(
    order: StageOrder = .decodeFirst, names: ProfileNames = ProfileNames(),
    prefillDecider: (any DisaggregationDecider)? = nil, encodeDecider: (any DisaggregationDecider)? = nil
  ) {
    self.order = order
    self.names = names
    self.prefillDecider = prefillDecider
    self.encodeDecider = encodeDecider
    self.headers = StageHeaders(prefillProfile: names.prefill, encodeProfile: names.encode)
  }

  /// The next stage.
  public func nextProfiles(_ cycle: SchedulingCycle, profiles: [SchedulingProfile], into next: inout [Int]) {
    guard let decode = profiles.firstIndex(where: { $0.name == names.decode }) else { return }
    let prefill = profiles.firstIndex { $0.name == names.prefill }
    let encode = profiles.firstIndex { $0.name == names.encode }
    switch order {
    case .decodeFirst:
      guard cycle.results[decode].hasRun else { return next.append(decode) }
      guard let candidate = cycle.results[decode].candidates.first else { return }
      if let encode, wants(encodeDecider, encode, candidate, cycle) { return next.append(encode) }
      if let prefill, wants(prefillDecider, prefill, candidate, cycle) {
        cycle.peerEndpoint = cycle.results[decode].endpoints.first
        next.append(prefill)
      }
    case .prefillFirst:
      if let prefill, !cycle.results[prefill].hasRun { return next.append(prefill) }
      if let encode, wants(encodeDecider, encode, nil, cycle) { return next.append(encode) }
      guard !cycle.results[decode].hasRun else { return }
      if let prefill { cycle.peerEndpoint = cycle.results[prefill].endpoints.first }
      next.append(decode)
    }
  }

  private func wants(
    _ decider: (any DisaggregationDecider)?, _ profile: Int, _ candidate: Int?, _ cycle: SchedulingCycle
  ) -> Bool {
    guard let decider, !cycle.results[profile].hasRun else { return false }
    return decider.decides(cycle, candidate: candidate)
  }

  /// The decode profile.
  public func primaryProfile(_ cycle: SchedulingCycle, profiles: [SchedulingProfile]) throws(SchedulingError) -> Int {
    guard let decode = profiles.firstIndex(where: { $0.name == names.decode }),
      !cycle.results[decode].endpoints.isEmpty
    else { throw .undecided("failed to find available decode workers") }
    return decode
  }

  /// Wants a decode profile.
  public func problem(withProfiles profiles: [String]) -> String? {
    profiles.contains(names.decode)
      ? nil : "disagg-profile-handler needs a scheduling profile named \"\(names.decode)\""
  }

  /// Tells the decode endpoint where the other stages run.
  public func requestPlaced(_ cycle: SchedulingCycle) { headers.set(cycle) }
}
