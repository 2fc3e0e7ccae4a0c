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
    precondition(whole == replaced(Array(body), target, client), "not what looking at each position gives")
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

/// The same as restoring, by trying every position.
private func replaced(_ body: [UInt8], _ target: String, _ client: String) -> [UInt8] {
  let name = Array(target.utf8)
  let escaped = client.utf8.flatMap { byte in
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), byte] : [byte]
  }
  var output: [UInt8] = []
  var index = 0
  while index < body.count {
    if let value = valueStart(body, at: index), body[value...].starts(with: name + [UInt8(ascii: "\"")]) {
      output += body[index..<value] + escaped
      index = value + name.count
      // The quote behind the value begins nothing.
      output.append(body[index])
    } else {
      output.append(body[index])
    }
    index += 1
  }
  return output
}

/// Where the text of the string begins that follows the key `model` at a position.
private func valueStart(_ body: [UInt8], at index: Int) -> Int? {
  let key = Array("\"model\"".utf8)
  guard body[index...].starts(with: key) else { return nil }
  var next = index + key.count
  func skipSpace() { while next < body.count, [0x20, 0x09, 0x0A, 0x0D].contains(body[next]) { next += 1 } }
  skipSpace()
  guard next < body.count, body[next] == UInt8(ascii: ":") else { return nil }
  next += 1
  skipSpace()
  return next < body.count && body[next] == UInt8(ascii: "\"") ? next + 1 : nil
}
