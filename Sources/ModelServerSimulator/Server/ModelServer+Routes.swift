import NIOCore
import NIOHTTP1

extension ModelServer {
  /// Answers a request, at once or when the engine is done with it.
  func handle(_ request: HTTPConnection.Request, from connection: HTTPConnection) {
    switch (request.path, request.method) {
    case ("/v1/chat/completions", .POST): complete(request.body, .chat, from: connection)
    case ("/v1/completions", .POST): complete(request.body, .text, from: connection)
    case ("/metrics", .GET), ("/metrics", .HEAD), ("/metrics/", .GET): sendMetrics(to: connection)
    case ("/echo", .POST): connection.respond(.ok, request.body, contentType: "application/octet-stream")
    case ("/health", .GET), ("/health", .HEAD), ("/ping", .GET): connection.respond(.ok, ByteBuffer())
    case ("/version", .GET): connection.respond(.ok, ByteBuffer(string: "{\"version\":\"0.11.2\"}"))
    case ("/v1/models", .GET): sendModels(to: connection)
    case ("/stats", .GET): sendStatistics(to: connection)
    case ("/control", .POST): applyControl(request.body, from: connection)
    case ("/v1/chat/completions", _), ("/v1/completions", _), ("/metrics", _), ("/echo", _), ("/health", _),
      ("/ping", _), ("/version", _), ("/v1/models", _), ("/stats", _), ("/control", _):
      connection.respondError(.methodNotAllowed, "Method Not Allowed", nil)
    default:
      connection.respondError(.notFound, "Not Found", nil)
    }
  }

  private func complete(_ body: ByteBuffer, _ api: CompletionRequest.API, from connection: HTTPConnection) {
    if let status = control.failRequestsStatus {
      return connection.respondError(HTTPResponseStatus(statusCode: status), "Failing as told by /control", nil)
    }
    do throws(RequestError) {
      let request = try parse(body, api)
      if configuration.strictModel, let model = request.model, !servedModels.contains(model) {
        return connection.respondError(.notFound, "The model `\(model)` does not exist.", "model")
      }
      submit(request, from: connection)
    } catch {
      connection.respondError(.badRequest, error.message, error.field)
    }
  }

  private func parse(_ body: ByteBuffer, _ api: CompletionRequest.API) throws(RequestError) -> CompletionRequest {
    try body.withUnsafeReadableBytes { bytes in
      Result { () throws(RequestError) in try CompletionRequest.parse(bytes, api: api) }
    }.get()
  }

  private var servedModels: [String] { configuration.models + configuration.adapters }

  // MARK: Metrics

  private func sendMetrics(to connection: HTTPConnection) {
    guard control.metricsDelay > 0 else { return sendMetricsNow(to: connection) }
    let bound = NIOLoopBound((self, connection), eventLoop: loop)
    loop.scheduleTask(in: .milliseconds(Int64(control.metricsDelay))) {
      let (server, connection) = bound.value
      server.sendMetricsNow(to: connection)
    }
  }

  private func sendMetricsNow(to connection: HTTPConnection) {
    guard !control.failMetrics else {
      return connection.respondError(.serviceUnavailable, "Failing as told by /control", nil)
    }
    let text = page.render(metricsValues, time: WallClock.seconds())
    connection.respond(.ok, text, contentType: "text/plain; version=0.0.4; charset=utf-8")
  }

  private var metricsValues: MetricsValues {
    let statistics = engine.statistics
    var values = MetricsValues(
      running: control.running ?? engine.runningCount, waiting: control.queue ?? engine.waitingCount,
      cacheUsage: control.cacheUsage ?? engine.cacheUsage,
      blockCount: control.blockCount ?? engine.configuration.blockCount, preemptions: statistics.preemptions,
      queriedTokens: statistics.queriedTokens, cachedTokens: statistics.cachedTokens,
      promptTokens: statistics.promptTokens, outputTokens: statistics.outputTokens, finished: finished)
    guard !configuration.adapters.isEmpty else { return values }
    func names(running: Bool) -> [String] {
      Set(tasks.values.lazy.filter { $0.isRunning == running }.compactMap(\.adapter)).sorted()
    }
    values.adapters = AdapterActivity(running: names(running: true), waiting: names(running: false))
    return values
  }

  // MARK: Information

  private func sendModels(to connection: HTTPConnection) {
    var text = ByteBuffer()
    text.writeStaticString("{\"object\":\"list\",\"data\":[")
    for (index, model) in servedModels.enumerated() {
      if index > 0 { text.writeStaticString(",") }
      text.writeStaticString("{\"id\":")
      text.writeJSONString(model)
      text.writeString(",\"object\":\"model\",\"created\":\(Int(WallClock.seconds())),\"owned_by\":\"vllm\",\"root\":")
      text.writeJSONString(model)
      text.writeStaticString(",\"parent\":")
      if configuration.adapters.contains(model), let base = configuration.models.first {
        text.writeJSONString(base)
      } else {
        text.writeStaticString("null")
      }
      text.writeString(",\"max_model_len\":\(engine.capacityTokens)}")
    }
    text.writeStaticString("]}")
    connection.respond(.ok, text)
  }

  private func sendStatistics(to connection: HTTPConnection) {
    let statistics = engine.statistics
    let fields: [(String, Int)] = [
      ("requests", statistics.submitted), ("finished", statistics.finished), ("cancelled", statistics.cancelled),
      ("prompt_tokens", statistics.promptTokens), ("queried_tokens", statistics.queriedTokens),
      ("cached_tokens", statistics.cachedTokens), ("output_tokens", statistics.outputTokens),
      ("preemptions", statistics.preemptions), ("steps", statistics.steps), ("max_running", statistics.maxRunning),
      ("running", engine.runningCount), ("waiting", engine.waitingCount), ("in_flight", tasks.count),
      ("used_blocks", engine.usedBlocks), ("num_gpu_blocks", engine.configuration.blockCount),
      ("connections", connections.count),
    ]
    let members = fields.map { "\"\($0)\":\($1)" }.joined(separator: ",")
    connection.respond(.ok, ByteBuffer(string: "{\(members)}"))
  }

  private func applyControl(_ body: ByteBuffer, from connection: HTTPConnection) {
    var changed = control
    do throws(RequestError) {
      let mustRestart = try body.withUnsafeReadableBytes { bytes in
        Result { () throws(RequestError) in try changed.apply(bytes) }
      }.get()
      control = changed
      if mustRestart { restart(keeping: connection) }
      connection.respond(.ok, ByteBuffer(string: "{\"status\":\"ok\"}"))
    } catch {
      connection.respondError(.badRequest, error.message, error.field)
    }
  }
}
