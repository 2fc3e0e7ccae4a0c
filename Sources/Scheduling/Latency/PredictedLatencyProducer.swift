import Endpoints

/// `predicted-latency-producer`: asks a model how long a request would take on each candidate, and has the model trained
/// with what requests took (plugin algorithms, latency prediction).
///
/// With the objectives of the request's headers (0 without): TTFT headroom = objective − prediction. The TPOT limit is
/// objective · buffer, lowered to the least objective of the requests running on the endpoint · buffer if that is
/// above 0; TPOT headroom = limit − prediction, 0 where responses are not streamed and on prefill servers. Nothing is
/// produced when the model does not answer in time or not for every candidate asked about.
public final class PredictedLatencyProducer: InquiringProducer, RequestObserver, PeriodicReporter {
  /// The parameters of the producer.
  public struct Parameters: Sendable, Hashable {
    /// Factor of the objective for time per output token.
    public var sloBufferFactor = 1.0
    /// Seconds after which a request tells the model nothing any more.
    public var contextTTL = 300.0
    /// Whether responses are measured while they stream, not by their end alone.
    public var streamingMode = false
    /// The label that tells an endpoint's stage; empty for none.
    public var endpointRoleLabel = ""
    /// Whether predictions are asked for; without, requests are measured only.
    public var predicts = true
    /// Whether prompts are measured in words, as the older family does, rather than in tokens.
    public var countsWords = false

    /// Creates the default parameters.
    public init() {}
  }

  /// The model's servers.
  public struct Servers: Sendable, Hashable {
    /// Base address of the server that trains.
    public var training: String
    /// Base addresses of the servers that predict, used in turn; not empty.
    public var prediction: [String]

    /// Names the servers.
    public init(training: String, prediction: [String]) {
      self.training = training
      self.prediction = prediction
    }
  }

  /// What was asked about.
  struct Asked: Sendable {
    let endpoints: [Endpoint]
    let features: [LatencyFeatures]
  }

  /// Most candidates that are asked about, the limit of the servers.
  static let maximumCandidates = 10_000
  /// Seconds that producers may take.
  static let timeout = 0.4
  private static let trainingTimeout = 10.0

  /// Names the questions to the model.
  public let inquiryID: InquiryID
  let parameters: Parameters
  private let servers: Servers
  private let match: PrefixMatchAttributes
  private let attributes: LatencyAttributes
  private let workspace: WorkspaceID
  package let running = RunningObjectives()
  let samples = TrainingSamples()

  /// Creates a producer.
  /// - Parameter space: where it finds places for what it keeps.
  public init(
    parameters: Parameters, servers: Servers, match: PrefixMatchAttributes, attributes: LatencyAttributes,
    space: AttributeSpace
  ) {
    self.parameters = parameters
    self.servers = servers
    self.match = match
    self.attributes = attributes
    inquiryID = space.makeInquiry()
    workspace = space.makeWorkspace()
  }

  // MARK: Prediction

  /// Asks for all candidates at once.
  public func inquiry(_ cycle: SchedulingCycle) -> Inquiry? {
    guard parameters.predicts, cycle.count > 0, cycle.count <= Self.maximumCandidates, !servers.prediction.isEmpty
    else { return nil }
    let asked = Asked(
      endpoints: (0..<cycle.count).map { cycle.endpoint($0) }, features: (0..<cycle.count).map { features($0, cycle) })
    var body = Array("{\"requests\":[".utf8)
    body.reserveCapacity(asked.features.count * 256)
    for (position, features) in asked.features.enumerated() {
      body += (position == 0 ? "{" : ",{").utf8
      features.append(to: &body, generatedTokens: 1)
      body.append(UInt8(ascii: "}"))
    }
    body += "]}".utf8
    let server = servers.prediction[Int(cycle.requestNumber % UInt64(servers.prediction.count))]
    return Inquiry(
      id: inquiryID, url: server + "/predict/bulk/strict", body: body, timeout: Self.timeout, context: asked)
  }

  private func features(_ position: Int, _ cycle: SchedulingCycle) -> LatencyFeatures {
    var share = 0.0
    if let matched = cycle.attribute(match.matchedBlocks), let total = cycle.scalar(match.totalBlocks), total > 0 {
      share = matched[position] / total
    }
    return LatencyFeatures(
      kvCacheUsage: LatencyFeatures.share(cycle.values(.kvCacheUsage)[position]),
      inputLength: inputLength(cycle),
      waitingRequests: LatencyFeatures.count(cycle.queueDepths[position]),
      runningRequests: LatencyFeatures.count(cycle.runningRequests[position]),
      prefixMatch: LatencyFeatures.share(share), podType: podType(cycle.endpoint(position)),
      prefillTokens: LatencyFeatures.count(cycle.inFlightTokens[position]))
  }

  private func inputLength(_ cycle: SchedulingCycle) -> Int {
    guard parameters.countsWords else { return cycle.request.promptTokens }
    let counted = cycle.workspace(workspace) { Workspace() }
    if counted.requestNumber != cycle.requestNumber {
      counted.requestNumber = cycle.requestNumber
      counted.words = LatencyFeatures.wordCount(cycle.request)
    }
    return counted.words
  }

  private func podType(_ endpoint: Endpoint) -> String {
    parameters.endpointRoleLabel.isEmpty ? "" : endpoint.labels[parameters.endpointRoleLabel] ?? ""
  }

  /// Stores what was predicted.
  public func produce(_ cycle: SchedulingCycle) {
    guard let answer = cycle.answer(to: inquiryID), let asked = answer.context as? Asked else {
      // Measured against the load before this request.
      _ = (cycle.queueDepths, cycle.runningRequests, cycle.inFlightTokens)
      return
    }
    let reader = cycle.workspace(workspace) { Workspace() }.reader
    guard let body = answer.okBody, let predictions = reader.read(body, count: asked.endpoints.count) else { return }
    let objectives = LatencyObjectives(cycle.request)
    let ttft = cycle.makeAttribute(attributes.ttft)
    let ttftHeadroom = cycle.makeAttribute(attributes.ttftHeadroom)
    let tpotHeadroom = cycle.makeAttribute(attributes.tpotHeadroom)
    let meets = cycle.makeAttribute(attributes.meetsObjectives)
    let dispatched = cycle.makeAttribute(attributes.dispatched)
    let inFlight = cycle.inFlightRequests
    let index = AskedIndex(asked)
    running.read { least in
      for position in 0..<cycle.count {
        let endpoint = cycle.endpoint(position)
        dispatched[position] = inFlight[position]
        guard let place = index.place(of: endpoint, near: position) else {
          ttft[position] = .nan
          continue
        }
        let prediction = predictions[place]
        ttft[position] = prediction.ttft
        ttftHeadroom[position] = objectives.ttft - prediction.ttft
        var isFastEnough = true
        if parameters.streamingMode, podType(endpoint) != "prefill" {
          var limit = objectives.tpot * parameters.sloBufferFactor
          let others = (least(endpoint.slot) ?? 0) * parameters.sloBufferFactor
          if others > 0 { limit = min(limit, others) }
          isFastEnough = prediction.tpot < limit
          tpotHeadroom[position] = limit - prediction.tpot
        }
        meets[position] = prediction.ttft < objectives.ttft && isFastEnough ? 1 : 0
      }
    }
  }

  /// What the producer keeps for each event loop.
  private final class Workspace {
    let reader = LatencyPredictions()
    var requestNumber: UInt64 = 0
    var words = 0
  }

  // MARK: Measurement

  /// Follows a request that was placed.
  public func requestBegan(_ cycle: SchedulingCycle) -> (any RequestObservation)? {
    guard let primary = cycle.primaryProfile, let endpoint = cycle.results[primary].endpoints.first,
      let candidate = cycle.results[primary].candidates.first
    else { return nil }
    let asked = cycle.answer(to: inquiryID)?.context as? Asked
    let prefill = cycle.result(ofProfile: "prefill")?.candidates.first
    return PredictedLatencyObservation(
      producer: self, slot: endpoint.slot, objective: LatencyObjectives(cycle.request).tpot,
      target: features(of: candidate, cycle, asked), prefill: prefill.map { features(of: $0, cycle, asked) })
  }

  private func features(of candidate: Int, _ cycle: SchedulingCycle, _ asked: Asked?) -> LatencyFeatures {
    if let asked, let place = AskedIndex(asked).place(of: cycle.endpoint(candidate), near: candidate) {
      return asked.features[place]
    }
    return features(candidate, cycle)
  }

  /// The latencies measured since the last report.
  public func report() -> Inquiry? {
    samples.take().map { body in
      Inquiry(
        id: inquiryID, url: servers.training + "/add_training_data_bulk", body: body, timeout: Self.trainingTimeout)
    }
  }
}

/// Finds endpoints among those that were asked about. They are in the same places unless the pool has changed.
private final class AskedIndex {
  private let endpoints: [Endpoint]
  private lazy var places = Dictionary(
    endpoints.enumerated().map { ($0.element.slot, $0.offset) }, uniquingKeysWith: { first, _ in first })

  init(_ asked: PredictedLatencyProducer.Asked) {
    endpoints = asked.endpoints
  }

  func place(of endpoint: Endpoint, near position: Int) -> Int? {
    if position < endpoints.count, endpoints[position] === endpoint { return position }
    guard let place = places[endpoint.slot], endpoints[place].id == endpoint.id else { return nil }
    return place
  }
}
