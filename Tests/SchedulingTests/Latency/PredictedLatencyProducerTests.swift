import Endpoints
import Testing

import Scheduling

/// `predicted-latency-producer`, with values worked out by hand (plugin algorithms, latency prediction).
@Suite struct PredictedLatencyProducerTests {
  private let space = AttributeSpace()
  private let headers = TestHeaders(["x-slo-ttft-ms": "200", "x-llm-d-slo-tpot-ms": "50"])

  private func producer(
    _ change: (inout PredictedLatencyProducer.Parameters) -> Void = { $0.streamingMode = true }
  ) -> PredictedLatencyProducer {
    var parameters = PredictedLatencyProducer.Parameters()
    change(&parameters)
    return PredictedLatencyProducer(
      parameters: parameters,
      servers: .init(training: "http://train", prediction: ["http://one", "http://two"]),
      match: PrefixMatchAttributes(space, producer: nil), attributes: LatencyAttributes(space), space: space)
  }

  private static let twoPredictions =
    #"{"predictions": [{"ttft_ms": 150, "tpot_ms": 40.0}, {"ttft_ms": 250.5, "tpot_ms": 60}]}"#

  /// Asks, and begins again with the answer.
  private func answer(_ pool: TestPool, _ producer: PredictedLatencyProducer, _ body: String) throws {
    pool.begin(headers)
    let inquiry = try #require(producer.inquiry(pool.cycle))
    pool.begin(headers)
    pool.cycle.setAnswers([InquiryAnswer(to: inquiry, .response(status: 200, body: Array(body.utf8)))])
    producer.produce(pool.cycle)
  }

  private func values(_ attribute: AttributeID, _ pool: TestPool) -> [Double]? {
    pool.cycle.attribute(attribute).map { Array($0) }
  }

  @Test func asksForAllCandidatesAtOnce() throws {
    let pool = TestPool(2)
    pool.store(.kvCacheUsage, [0.25, .nan])
    pool.store(.waitingQueueSize, [1, 0])
    pool.store(.runningRequests, [2, 0])
    pool.match([5, 0], of: 10, space)
    let inquiry = try #require(producer().inquiry(pool.cycle))
    #expect(
      String(decoding: inquiry.body, as: UTF8.self)
        == #"{"requests":[{"kv_cache_percentage":0.25,"input_token_length":0,"num_request_waiting":1,"#
        + #""num_request_running":2,"num_tokens_generated":1,"prefix_cache_score":0.5,"pod_type":"","#
        + #""prefill_tokens_in_flight":0,"decode_tokens_in_flight":0},"#
        + #"{"kv_cache_percentage":0.0,"input_token_length":0,"num_request_waiting":0,"#
        + #""num_request_running":0,"num_tokens_generated":1,"prefix_cache_score":0.0,"pod_type":"","#
        + #""prefill_tokens_in_flight":0,"decode_tokens_in_flight":0}]}"#)
    #expect(inquiry.url.hasSuffix("/predict/bulk/strict"))
    #expect(inquiry.timeout == 0.4)
  }

  @Test func serversTakeTurns() throws {
    let pool = TestPool(1)
    let producer = producer()
    let urls = try (0..<4).map { _ in
      pool.begin(headers)
      return try #require(producer.inquiry(pool.cycle)).url
    }
    #expect(Set(urls).count == 2)
    #expect(urls[0] == urls[2])
  }

  @Test func headroomIsWhatIsLeftOfTheObjectives() throws {
    let pool = TestPool(2)
    try answer(pool, producer(), Self.twoPredictions)
    let latency = LatencyAttributes(space)
    #expect(values(latency.ttft, pool) == [150, 250.5])
    #expect(values(latency.ttftHeadroom, pool) == [50, -50.5])
    #expect(values(latency.tpotHeadroom, pool) == [10, -10])
    #expect(values(latency.meetsObjectives, pool) == [1, 0])
    #expect(values(latency.dispatched, pool) == [0, 0])
  }

  @Test func objectivesOfRunningRequestsLowerTheLimit() throws {
    let pool = TestPool(2)
    let producer = producer {
      $0.streamingMode = true
      $0.sloBufferFactor = 0.5
    }
    let slot = try #require(pool.endpoint(1)).slot
    pool.reserve(try #require(pool.endpoint(1)))
    producer.running.add(80, slot: slot)
    producer.running.add(30, slot: slot)
    try answer(pool, producer, Self.twoPredictions)
    let latency = LatencyAttributes(space)
    // Half of 30, and half of 50.
    #expect(values(latency.tpotHeadroom, pool) == [-25, -35])
    #expect(values(latency.meetsObjectives, pool) == [0, 0])
    #expect(values(latency.dispatched, pool) == [1, 0])
    producer.running.remove(30, slot: slot)
    try answer(pool, producer, Self.twoPredictions)
    #expect(values(latency.tpotHeadroom, pool) == [-15, -35])
    // A request without an objective is the least of all, and lowers nothing.
    producer.running.add(0, slot: slot)
    producer.running.remove(80, slot: slot)
    try answer(pool, producer, Self.twoPredictions)
    #expect(values(latency.tpotHeadroom, pool) == [-15, -35])
    pool.endRequests()
  }

  @Test func tokensAfterTheFirstDoNotMatterWhereNothingStreams() throws {
    let pool = TestPool(labels: [["role": "prefill"], ["role": "decode"]])
    let latency = LatencyAttributes(space)
    try answer(pool, producer { _ in }, Self.twoPredictions)
    #expect(values(latency.tpotHeadroom, pool) == [0, 0])
    #expect(values(latency.meetsObjectives, pool) == [1, 0])
    try answer(
      pool,
      producer {
        $0.streamingMode = true
        $0.endpointRoleLabel = "role"
      }, Self.twoPredictions)
    #expect(values(latency.tpotHeadroom, pool) == [0, -10])
  }

  @Test(arguments: [
    #"{"predictions": [{"ttft_ms": 150, "tpot_ms": 40}]}"#,
    #"{"predictions": [{"ttft_ms": 1, "tpot_ms": 4}, {"ttft_ms": 1, "tpot_ms": 4}, {"ttft_ms": 1, "tpot_ms": 4}]}"#,
    #"{"predictions": [{"ttft_ms": 150, "tpot_ms": 40}, {"ttft_ms": "1", "tpot_ms": 4}]}"#,
    #"{"predictions": [{"ttft_ms": 150, "tpot_ms": 40}, null]}"#, #"{"predictions": 2}"#, "[]", "", "{",
  ])
  func anyOtherNumberOfPredictionsIsNone(body: String) throws {
    let pool = TestPool(2)
    try answer(pool, producer(), body)
    #expect(pool.cycle.attribute(LatencyAttributes(space).ttft) == nil)
  }

  @Test func endpointsMayComeAndGoMeanwhile() throws {
    let pool = TestPool(2)
    let producer = producer()
    pool.begin(headers)
    let inquiry = try #require(producer.inquiry(pool.cycle))
    pool.table.replaceAll(with: [2, 3].map(TestPool.descriptor))
    pool.begin(headers)
    pool.cycle.setAnswers([
      InquiryAnswer(to: inquiry, .response(status: 200, body: Array(Self.twoPredictions.utf8)))
    ])
    producer.produce(pool.cycle)
    let ttft = try #require(values(LatencyAttributes(space).ttft, pool))
    for position in ttft.indices {
      if pool.cycle.endpoint(position).id.name == "pod-2" {
        #expect(ttft[position] == 250.5)
      } else {
        #expect(ttft[position].isNaN)
      }
    }
  }

  @Test func predictionsCanBeSwitchedOff() {
    #expect(producer { $0.predicts = false }.inquiry(TestPool(2).cycle) == nil)
    #expect(producer().inquiry(TestPool(0).cycle) == nil)
  }

  // MARK: Measurement

  private func follow(_ producer: PredictedLatencyProducer) throws -> any RequestObservation {
    let pool = TestPool(2)
    let scheduler = Scheduler(
      profiles: [SchedulingProfile(name: "default", picker: MaxScorePicker())], handler: SingleProfileHandler(),
      producers: [producer])
    pool.begin(headers)
    scheduler.requestPlaced(pool.cycle, primary: try scheduler.schedule(pool.cycle))
    return try #require(producer.requestBegan(pool.cycle))
  }

  private static let features =
    #""kv_cache_percentage":0.0,"input_token_length":0,"num_request_waiting":0,"num_request_running":0,"#

  @Test func streamedResponsesTellBothLatencies() throws {
    let producer = producer()
    let request = try follow(producer)
    request.responseBegan(after: 0.25)
    request.ended(RequestEnd(isComplete: true, seconds: 1.25, outputTokens: 11))
    let report = try #require(producer.report())
    #expect(report.url == "http://train/add_training_data_bulk")
    let rest = #""prefix_cache_score":0.0,"pod_type":"","prefill_tokens_in_flight":0,"decode_tokens_in_flight":0,"#
    #expect(
      String(decoding: report.body, as: UTF8.self)
        == "{\"entries\":[{\(Self.features)\"num_tokens_generated\":0,\(rest)"
        + #""actual_ttft_ms":250.0,"actual_tpot_ms":0.0},"#
        + "{\(Self.features)\"num_tokens_generated\":1,\(rest)"
        + #""actual_ttft_ms":0.0,"actual_tpot_ms":100.0}]}"#)
    #expect(producer.report() == nil)
  }

  @Test func otherResponsesTellTheTimeTheyTook() throws {
    let producer = producer { _ in }
    let request = try follow(producer)
    request.responseBegan(after: 0.25)
    request.ended(RequestEnd(isComplete: true, seconds: 0.5, outputTokens: 11))
    let body = String(decoding: try #require(producer.report()).body, as: UTF8.self)
    #expect(body.contains(#""actual_ttft_ms":500.0"#))
    #expect(body.split(separator: "actual_ttft_ms").count == 2)
  }

  @Test func whatWasBrokenOffTellsNothing() throws {
    let producer = producer()
    let request = try follow(producer)
    #expect(producer.running.read { least in (0..<2).compactMap(least) } == [50])
    request.responseBegan(after: 0.25)
    request.ended(RequestEnd(isComplete: false, seconds: 1))
    try follow(producer).ended(RequestEnd(isComplete: true, seconds: 301, outputTokens: 5))
    #expect(producer.report() == nil)
    #expect(producer.running.read { least in (0..<2).compactMap(least) }.isEmpty)
  }

  @Test func samplesAreBounded() throws {
    let producer = producer { _ in }
    for _ in 0..<1_000 + 10 {
      try follow(producer).ended(RequestEnd(isComplete: true, seconds: 1))
    }
    let body = String(decoding: try #require(producer.report()).body, as: UTF8.self)
    #expect(body.split(separator: "actual_ttft_ms").count == 1_000 + 1)
  }

  // MARK: Configuration

  @Test func olderFamilyMeasuresPromptsInWords() throws {
    let requests = Requests()
    var pool = TestPool(1)
    pool.cycle.begin(try requests.completions(["the quick  brown fox"]), now: 0)
    let words = try #require(producer { $0.countsWords = true }.inquiry(pool.cycle))
    #expect(String(decoding: words.body, as: UTF8.self).contains(#""input_token_length":4,"#))
    pool = TestPool(1)
    let request = try requests.completions(["the quick  brown fox"])
    pool.cycle.begin(request, now: 0)
    let tokens = try #require(producer().inquiry(pool.cycle))
    #expect(String(decoding: tokens.body, as: UTF8.self).contains("\"input_token_length\":\(request.promptTokens),"))
  }

  @Test func environmentNamesTheServers() throws {
    let services = PluginServices(environment: [
      "PREDICTION_SERVER_URL": "http://there:1/, https://else:2", "TRAINING_SERVER_URL": "http://train:3/",
    ])
    let producer = try makePlugin(
      "predicted-latency-producer", as: PredictedLatencyProducer.self, services: services)
    let pool = TestPool(1)
    let urls = try (0..<2).map { _ in
      pool.begin(headers)
      return try #require(producer.inquiry(pool.cycle)).url
    }
    #expect(Set(urls) == ["http://there:1/predict/bulk/strict", "https://else:2/predict/bulk/strict"])
    let wrong = PluginServices(environment: ["PREDICTION_SERVER_URL": "there:1"])
    #expect(throws: (any Error).self) {
      try makePlugin("predicted-latency-producer", as: PredictedLatencyProducer.self, services: wrong)
    }
    #expect(
      parameterProblems("predicted-latency-producer", "useEncoderCacheFeatures: true").first?.contains("not built")
        == true)
    #expect(try load("plugins: [{type: predicted-latency-producer}]").scheduler.makesInquiries)
  }
}
