import KVCacheEvents

/// Whatever a publisher of cache events sends: cutting its bytes changes nothing, and the index that takes its events
/// keeps its limits and forgets everything when it is told to.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 1 else { return 0 }
  let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
  if start[0] & 1 == 0 {
    let piece = 1 + Int(start[0] >> 4)
    precondition(messages(bytes, piece: bytes.count) == messages(bytes, piece: piece), "cutting changes the messages")
  } else {
    apply(bytes, blockSize: 1 + Int(start[0] >> 5))
  }
  return 0
}

private let greeting: [UInt8] =
  [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1] + Array("NULL".utf8) + Array(repeating: 0, count: 48)
private let ready: [UInt8] =
  [0x04, 25, 5] + Array("READY".utf8) + [11] + Array("Socket-Type".utf8) + [0, 0, 0, 3] + Array("PUB".utf8)

/// The messages in what follows a publisher's introduction.
private func messages(_ bytes: [UInt8], piece: Int) -> [[[UInt8]]] {
  var stream = PublisherStream(topic: "kv@", maximumMessageBytes: 1 << 10)
  var found: [[[UInt8]]] = []
  do throws(PublisherStream.Failure) {
    _ = try stream.receive(greeting + ready)
    for start in stride(from: 0, to: bytes.count, by: piece) {
      let end = min(start + piece, bytes.count)
      found += try stream.receive(bytes[start..<end])
      precondition(stream.bufferedBytes <= (2 << 10) + piece, "memory follows what was announced")
      _ = stream.takeOutput()
    }
  } catch {
    // What comes together with the mistake is lost with it, so that only what was found before can be compared.
    return []
  }
  return found
}

/// Takes the bytes for a batch, twice, of two endpoints.
private func apply(_ bytes: [UInt8], blockSize: Int) {
  guard let batch = CacheEventBatch(payload: bytes[...]) else { return }
  let index = PreciseIndex(hasher: BlockKeyHasher(blockSize: blockSize, seed: ""), capacity: 100)
  for endpoint in [0, 1, 0] {
    for event in batch.events { index.apply(event, endpoint: endpoint, model: "m") }
    precondition(index.count <= 100, "more blocks than allowed")
  }
  for endpoint in [0, 1] { index.clear(endpoint: endpoint) }
  precondition(index.count == 0 && index.holders.count == 0, "something stays behind")
}
