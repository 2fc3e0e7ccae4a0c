import InferenceAPI

/// However a response is cut: what it cost is the same, and so is what the client gets when a model's name is put back.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  var input = Input(start, count)
  let family = input.choose(families)
  let format = input.choose([ResponseFormat.json, .eventStream, .grpc])
  let seed = input.byte()
  let body = input.rest

  var reader = UsageReader()
  let whole = usage(with: &reader, family, format, body.isEmpty ? [] : [body])
  let cut = usage(with: &reader, family, format, Array(Pieces(of: body, seed: seed)))
  precondition(whole == cut, "cutting changes the usage")
  precondition(whole.usage?.json.count ?? 0 <= Usage.maximumJSONBytes)

  for (target, client) in names {
    let whole = restored([body], target, client)
    precondition(whole == restored(Array(Pieces(of: body, seed: seed)), target, client), "cutting changes the names")
    // Once more changes nothing, as the target's name is gone where it is one.
    precondition(
      whole.withUnsafeBytes { restored([$0], target, client) } == whole || client.contains(target),
      "a name was left behind")
  }
  return 0
}

private let families: [ResponseFamily] = [.openAI, .anthropic, .sglang, .vllmGenerate, .vllmEmbed, .none]
private let names = [("m", "model"), ("model", "m"), ("aab", "\u{1F600}\"\\"), ("model", "\"model\":\"model\"")]

private struct Cost: Equatable {
  var usage: Usage?
  var events = 0
  var tokenEvents = 0
  var firstTokens = 0
}

private func usage(
  with reader: inout UsageReader, _ family: ResponseFamily, _ format: ResponseFormat, _ pieces: [UnsafeRawBufferPointer]
) -> Cost {
  reader.begin(family: family, format: format)
  var cost = Cost()
  for piece in pieces {
    let reading = reader.read(piece)
    cost.events += reading.eventCount
    cost.tokenEvents += reading.tokenEventCount
    cost.firstTokens += reading.hasFirstToken ? 1 : 0
  }
  precondition(cost.firstTokens <= 1 && cost.tokenEvents <= cost.events, "events do not add up")
  cost.usage = reader.usage
  return cost
}

private func restored(_ pieces: [UnsafeRawBufferPointer], _ target: String, _ client: String) -> [UInt8] {
  let restorer = Array(target.utf8).withUnsafeBytes { target in
    Array(client.utf8).withUnsafeBytes { ModelNameRestorer(target: target, client: $0) }
  }
  guard var restorer else { return [] }
  var output: [UInt8] = []
  for piece in pieces {
    restorer.restore(piece, endOfStream: false) { output += $0 }
    precondition(restorer.heldByteCount <= target.utf8.count, "more is held back than a name")
  }
  restorer.restore(UnsafeRawBufferPointer(start: nil, count: 0), endOfStream: true) { output += $0 }
  return output
}
