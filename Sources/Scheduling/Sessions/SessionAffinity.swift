import Endpoints
import PickerConfiguration

/// What the session affinity plugins have in common: finding the endpoint that a request should go back to, and
/// remembering it.
///
/// The endpoint is named by a token that the client got with its last response and sends back, or looked up by the
/// session id of the request.
public final class SessionAffinity: Sendable {
  /// Where a session id comes from.
  public enum Source: Sendable {
    /// A request header, by its lower-case name.
    case header(String)
    /// A text attribute of the request.
    case attribute(AttributeID)
  }

  /// How requests find their endpoint.
  public enum Strategy: Sendable {
    /// By the token in a request header, which responses set.
    case encodedEndpoint(header: String)
    /// By the first session id that is not empty; bindings live for so many seconds after their last use.
    case sessionID(sources: [Source], timeToLive: Double)
  }

  /// What is known about the request of an event loop.
  private final class Workspace {
    var requestNumber: UInt64 = 0
    var session: SessionKey?
    var binding: SessionBindings.Binding?
    /// Whether the endpoint of the binding was missing among candidates.
    var isStale = false
  }

  private let strategy: Strategy
  private let profileName: String
  private let tokens: EndpointTokens
  private let bindings: SessionBindings
  private let workspace: WorkspaceID

  /// Creates the common part of a plugin.
  /// - Parameter profileName: the profile whose first endpoint is remembered; empty for the endpoint that served.
  public init(_ strategy: Strategy, profileName: String = "", attributes: AttributeSpace) {
    self.strategy = strategy
    self.profileName = profileName
    self.tokens = EndpointTokens(attributes)
    self.workspace = attributes.makeWorkspace()
    if case .sessionID(_, let timeToLive) = strategy {
      bindings = SessionBindings(timeToLive: timeToLive)
    } else {
      bindings = SessionBindings(timeToLive: 1, capacity: 1)
    }
  }

  /// The position of the candidate that the request should go to.
  func preferred(_ cycle: SchedulingCycle) -> Int? {
    switch strategy {
    case .encodedEndpoint(let header):
      guard let token = cycle.request.headers?.value(of: header), !token.isEmpty,
        let index = tokens.endpoint(of: token, cycle)
      else { return nil }
      return cycle.position(ofSnapshotIndex: index)
    case .sessionID(let sources, _):
      let work = state(of: cycle, sources)
      guard let binding = work.binding else { return nil }
      if let position = position(of: binding, cycle) { return position }
      work.isStale = true
      return nil
    }
  }

  private func position(of binding: SessionBindings.Binding, _ cycle: SchedulingCycle) -> Int? {
    guard let endpoint = cycle.snapshot.endpoint(inSlot: binding.slot), endpoint.id == binding.id else { return nil }
    return (0..<cycle.count).first { cycle.slot($0) == binding.slot }
  }

  private func state(of cycle: SchedulingCycle, _ sources: [Source]) -> Workspace {
    let work = cycle.workspace(workspace) { Workspace() }
    guard work.requestNumber != cycle.requestNumber else { return work }
    work.requestNumber = cycle.requestNumber
    work.isStale = false
    work.session = Self.sessionID(of: cycle, sources).map(SessionKey.init)
    work.binding = work.session.flatMap { bindings.binding(of: $0, now: cycle.now) }
    return work
  }

  private static func sessionID(of cycle: SchedulingCycle, _ sources: [Source]) -> UnsafeRawBufferPointer? {
    for source in sources {
      let id =
        switch source {
        case .header(let name): cycle.request.headers?.value(of: name)
        case .attribute(let id): cycle.text(id)
        }
      if let id, !id.isEmpty { return id }
    }
    return nil
  }

  /// Binds the session of a placed request.
  func requestPlaced(_ cycle: SchedulingCycle) {
    guard case .sessionID(let sources, _) = strategy else { return }
    let work = state(of: cycle, sources)
    let result =
      profileName.isEmpty
      ? cycle.primaryProfile.map { cycle.results[$0] } : cycle.result(ofProfile: profileName)
    guard let session = work.session, let endpoint = result?.endpoints.first else { return }
    bindings.placed(
      session, on: SessionBindings.Binding(slot: endpoint.slot, id: endpoint.id),
      stale: work.isStale ? work.binding : nil, now: cycle.now)
  }

  /// Names the endpoint to come back to in the response.
  func addResponseHeaders(_ request: PlacedRequest, to headers: inout [(name: String, value: String)]) {
    guard case .encodedEndpoint(let header) = strategy else { return }
    var endpoint: Endpoint? = request.endpoint
    if !profileName.isEmpty {
      endpoint = request.profileEndpoints.first { $0.profile == profileName }?.endpoint
    }
    guard let endpoint else { return }
    headers.append((header, tokens.token(of: endpoint)))
  }
}

extension SessionAffinity {
  private enum StrategyName: String, CaseIterable {
    case encodedEndpoint = "encoded_endpoint_header"
    case sessionID = "session_id"
  }

  /// Reads the parameters of both plugins.
  convenience init(_ context: PluginContext) {
    let decoder = context.parameters
    let name = decoder.enumeration("strategy", default: StrategyName.encodedEndpoint)
    let header = decoder.section("encodedEndpointHeaderConfig").string("header", default: "x-session-token")
    let config = decoder.section("sessionIdConfig")
    let sources = config.children("sources").compactMap { Self.source($0, context) }
    let timeToLive = config.int("evictionTtlSeconds", default: 300, range: 1...)
    // Bindings end with their time to live, whenever that is looked at; there is no sweep to schedule.
    _ = config.int("evictionSweepSeconds", default: 10, range: 1...)
    let strategy: Strategy =
      switch name {
      case .encodedEndpoint: .encodedEndpoint(header: header.lowercased())
      case .sessionID:
        .sessionID(
          sources: sources.isEmpty ? [.header("x-session-id")] : sources, timeToLive: Double(timeToLive))
      }
    self.init(strategy, profileName: decoder.string("profileName", default: ""), attributes: context.attributes)
  }

  private static func source(_ decoder: ParameterDecoder, _ context: PluginContext) -> Source? {
    let header = decoder.string("header")
    let attribute = decoder.string("attribute")
    let producer = decoder.string("producer")
    guard (header ?? "").isEmpty != (attribute ?? "").isEmpty else {
      decoder.reject("header", "exactly one of header and attribute must be set")
      return nil
    }
    if let header, !header.isEmpty { return .header(header.lowercased()) }
    let known = attribute?.filter { $0 != "-" }.lowercased()
    guard known == "sessionid" else {
      decoder.reject("attribute", "the only text attribute of requests is SessionID")
      return nil
    }
    let name = producer.flatMap { $0.isEmpty ? nil : $0 } ?? DataKind.sessionID.defaultProducer
    context.require(.sessionID, producer: name, parameter: "sessionIdConfig.sources")
    return .attribute(context.attributes.sessionID(producer: name))
  }
}
