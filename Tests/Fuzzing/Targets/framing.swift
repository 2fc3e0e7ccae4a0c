import ByteStorage
import GRPCFraming

/// However bytes are cut, the messages found are the same, and memory follows what arrived.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 1 else { return 0 }
  let bytes = UnsafeRawBufferPointer(start: start + 1, count: count - 1)
  let whole = messages(bytes, piece: max(bytes.count, 1))
  let cut = messages(bytes, piece: 1 + Int(start[0] & 15))
  precondition(whole == cut, "cutting the bytes changes the messages")
  return 0
}

private func messages(_ bytes: UnsafeRawBufferPointer, piece: Int) -> [[UInt8]] {
  let reader = GRPCMessageReader()
  var found: [[UInt8]] = []
  var offset = 0
  while offset < bytes.count {
    let end = min(offset + piece, bytes.count)
    var rest = UnsafeRawBufferPointer(rebasing: bytes[offset..<end])
    offset = end
    reading: while true {
      switch reader.next(in: &rest, maxMessageBytes: 1 << 20) {
      case .needsBytes: break reading
      case .message(let message):
        found.append(Array(message))
        if message.count % 2 == 1 { _ = reader.takeBlock() }
      case .tooLarge, .compressed: return found + [[0xFF]]
      }
    }
    precondition(reader.footprint <= 256 << 10, "memory follows what was announced")
  }
  return found
}
