import PickerConfiguration

extension PluginRegistration {
  static let predictedLatencyProducer = PluginRegistration(
    type: "predicted-latency-producer", requires: [.tokenizedPrompt], uses: [.prefixCacheMatch],
    produces: [.latencyPrediction]
  ) { context in
    let decoder = context.parameters
    let isOlder = context.lineage != .llmD
    var parameters = PredictedLatencyProducer.Parameters()
    parameters.countsWords = isOlder
    parameters.sloBufferFactor = decoder.double("sloBufferFactor", default: 1, range: 0...)
    parameters.contextTTL = decoder.duration("contextTTL", default: .seconds(300)).seconds
    parameters.streamingMode = decoder.bool("streamingMode", default: false)
    parameters.endpointRoleLabel = decoder.string("endpointRoleLabel", default: "")
    parameters.predicts = decoder.bool(isOlder ? "predictInPrepareData" : "predictInProduce", default: true)
    // Tokens of a response are not sampled one by one, in either version.
    _ = decoder.double("samplingMean", default: 1_000, range: 0...)
    _ = decoder.int("maxDecodeTokenSamplesForPrediction", default: 0, range: 0...)
    var match = DataKind.prefixCacheMatch.defaultProducer
    if !isOlder {
      match = context.producer(of: .prefixCacheMatch, parameter: "prefixMatchInfoProducerName")
      if match == DataKind.prefixCacheMatch.defaultProducer {
        context.require(.prefixCacheMatch, producer: match, parameter: "prefixMatchInfoProducerName")
      }
      _ = context.producer(of: .inFlightLoad, parameter: "inFlightLoadProducerName")
      if decoder.bool("useEncoderCacheFeatures", default: false) {
        decoder.reject("useEncoderCacheFeatures", "the index of multimodal embeddings is not built yet")
      }
    }
    return PredictedLatencyProducer(
      parameters: parameters, servers: servers(context),
      match: PrefixMatchAttributes(context.attributes, producer: match),
      attributes: LatencyAttributes(context.attributes, producer: context.publishedName(of: .latencyPrediction)),
      space: context.attributes)
  }

  /// The servers that the environment names; those of a pod with both beside the picker unless it does.
  private static func servers(_ context: PluginContext) -> PredictedLatencyProducer.Servers {
    func addresses(_ variable: String, default defaultValue: String) -> [String] {
      let text = context.services.environment[variable].flatMap { $0.isEmpty ? nil : $0 } ?? defaultValue
      return text.split(separator: ",").compactMap { part in
        var address = part.drop { $0 == " " }
        while let last = address.last, last == " " || last == "/" { address.removeLast() }
        guard !address.isEmpty else { return nil }
        if !address.hasPrefix("http://"), !address.hasPrefix("https://") {
          context.parameters.reject(
            variable,
            "the environment variable must hold addresses that begin with http:// or https://, not \"\(address)\"")
        }
        return String(address)
      }
    }
    return PredictedLatencyProducer.Servers(
      training: addresses("TRAINING_SERVER_URL", default: "http://localhost:8000").first ?? "http://localhost:8000",
      prediction: addresses("PREDICTION_SERVER_URL", default: "http://localhost:8001"))
  }
}
