import ByteStorage
import ExtProc
import InferenceAPI
import Scheduling

/// The request headers of one stream, kept in their encoded form and looked up on demand.
///
/// The headers that every request is asked for are found in the one pass that stores them.
final class StoredHeaders: RequestHeaders {
  private let block = ByteBlock()
  private var pathRange: Range<Int>?
  private var originalPathRange: Range<Int>?
  private var forwardedPathRange: Range<Int>?
  private var requestIDRange: Range<Int>?

  /// Replaces the headers by a copy of these.
  func store(_ headers: HeaderMapView) {
    clear()
    block.append(headers.bytes)
    guard let base = block.bytes.baseAddress else { return }
    for (name, value) in view {
      guard let start = value.baseAddress.map({ $0 - base }) else { continue }
      let range = start..<start + value.count
      switch name.count {
      case 5 where Self.equal(name, ":path"): pathRange = range
      case 12 where Self.equal(name, "x-request-id"): requestIDRange = range
      case 15 where Self.equal(name, "x-original-path"): originalPathRange = range
      case 16 where Self.equal(name, "x-forwarded-path"): forwardedPathRange = range
      default: break
      }
    }
  }

  func clear() {
    block.removeAll()
    pathRange = nil
    originalPathRange = nil
    forwardedPathRange = nil
    requestIDRange = nil
  }

  private var view: HeaderMapView { HeaderMapView(block.bytes) }

  /// Bytes held.
  var byteCount: Int { block.count }

  /// The path that tells the API.
  var path: UnsafeRawBufferPointer {
    RequestPath.resolve(
      path: bytes(pathRange), originalPath: bytes(originalPathRange), forwardedPath: bytes(forwardedPathRange))
  }

  /// The model's name from the header that body-based routers set, for requests whose body is not seen.
  var modelName: UnsafeRawBufferPointer? { value(of: "x-gateway-model-name") }

  /// Whether the request came with an id.
  var hasRequestID: Bool { requestIDRange.map { !$0.isEmpty } ?? false }

  /// The id the request came with.
  var requestID: String? { bytes(requestIDRange).map { String(decoding: $0, as: UTF8.self) } }

  func value(of name: String) -> UnsafeRawBufferPointer? { view.last(name) }

  private func bytes(_ range: Range<Int>?) -> UnsafeRawBufferPointer? {
    range.map { UnsafeRawBufferPointer(rebasing: block.bytes[$0]) }
  }

  private static func equal(_ name: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
    for index in 0..<name.count where name[index] != text.utf8Start[index] { return false }
    return true
  }
}
