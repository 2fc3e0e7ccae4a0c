import CEnvoyProtos
import ExtProc

/// Whatever a proxy sends is refused or can be read to its end, and what is unpacked of its metadata is never deep.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  let arena = Arena()
  for _ in 0..<2 {
    if let message = try? ProcessingMessage(bytes, arena: arena) { read(message, arena) }
    arena.reset()
  }
  // The parts as messages of their own, which are found without a message around them.
  read(HeaderMapView(bytes))
  readMetadata(bytes, arena)
  return 0
}

private func read(_ message: ProcessingMessage, _ arena: Arena) {
  readMetadata(message.metadata, arena)
  switch message.content {
  case .headers(let headers, _): read(headers)
  case .body(let body, let endOfStream):
    touch(body)
    var head = [UInt8](repeating: 0, count: BodyAnswer.maxHeadLength)
    let length = BodyAnswer.headLength(body.count, endOfStream: endOfStream)
    precondition(length <= head.count, "the head of an answer is too long")
    head.withUnsafeMutableBytes {
      guard let start = $0.baseAddress else { return }
      BodyAnswer.storeHead(message.direction, body.count, endOfStream: endOfStream, at: start)
    }
  case .trailers, nil: break
  }
}

private func read(_ headers: HeaderMapView) {
  var path: [UInt8]?
  for (name, value) in headers {
    touch(name)
    touch(value)
    if name.elementsEqual(":path".utf8) { path = Array(value) }
  }
  precondition(headers.last(":path" as StaticString).map { Array($0) } == path, "the last header does not count")
  precondition(headers.last(":path" as String).map { Array($0) } == path, "the last header does not count")
}

private func readMetadata(_ bytes: UnsafeRawBufferPointer, _ arena: Arena) {
  guard let view = try? MetadataView(bytes, arena: arena) else { return }
  let namespaces: [StaticString] = [ExtProcNames.subsetNamespace, ExtProcNames.loadBalancerNamespace, "a"]
  for namespace in namespaces {
    for key in [ExtProcNames.subsetKey, ExtProcNames.servedEndpoint, "b"] as [StaticString] {
      let text = view.string(namespace: namespace, key: key)
      let list = view.strings(namespace: namespace, key: key)
      precondition(text == nil || list != nil, "a string is a list of its parts")
      precondition(list == nil || view.contains(namespace: namespace), "something without a namespace")
    }
  }
  checkDepth(bytes)
}

/// What unpacks must not nest deeper than the limit, whatever the walk before made of it.
private func checkDepth(_ bytes: UnsafeRawBufferPointer) {
  guard let arena = epp_arena_create(16 << 10) else { return }
  defer { epp_arena_destroy(arena) }
  guard
    let metadata = epp__ext_proc__metadata__unpack(
      epp_arena_allocator(arena), bytes.count, bytes.bindMemory(to: UInt8.self).baseAddress)
  else { return }
  for index in 0..<metadata.pointee.n_filter_metadata {
    guard let entry = metadata.pointee.filter_metadata[index] else { continue }
    precondition(depth(entry.pointee.value) <= 34, "metadata nests too deep")
  }
}

private func depth(_ structure: UnsafeMutablePointer<Google__Protobuf__Struct>?) -> Int {
  guard let structure = structure?.pointee else { return 0 }
  var deepest = 0
  for index in 0..<structure.n_fields { deepest = max(deepest, depth(structure.fields[index]?.pointee.value)) }
  return deepest + 1
}

private func depth(_ value: UnsafeMutablePointer<Google__Protobuf__Value>?) -> Int {
  guard let value = value?.pointee else { return 0 }
  switch value.kind_case {
  case GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE: return depth(value.struct_value)
  case GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE:
    guard let list = value.list_value?.pointee else { return 1 }
    var deepest = 0
    for index in 0..<list.n_values { deepest = max(deepest, depth(list.values[index])) }
    return deepest + 1
  default: return 1
  }
}

/// Reads every byte, so that the sanitizer sees where they lie.
@inline(never)
private func touch(_ bytes: UnsafeRawBufferPointer) {
  var sum: UInt8 = 0
  for byte in bytes { sum ^= byte }
  sink = sum
}
nonisolated(unsafe) private var sink: UInt8 = 0
