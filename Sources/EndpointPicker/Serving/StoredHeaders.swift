import ByteStorage
import ExtProc
import InferenceAPI
import Scheduling

/// The request headers of one stream, kept in their encoded form and looked up on demand.
final class StoredHeaders: RequestHeaders {
  private let block = ByteBlock()
  private var ranges = [Range<Int>](repeating: 0..<0, count: KnownHeader.allCases.count)

  /// Replaces the headers by a copy of these.
  func store(_ headers: HeaderMapView) {
    clear()
    block.append(headers.bytes)
    guard let base = block.bytes.baseAddress else { return }
    for (name, value) in view {
      guard let known = KnownHeader.named(name), let start = value.baseAddress.map({ $0 - base }) else { continue }
      ranges[known.rawValue] = start..<start + value.count
    }
  }

  func clear() {
    guard block.count > 0 else { return }
    block.removeAll()
    for index in ranges.indices { ranges[index] = 0..<0 }
  }

  private var view: HeaderMapView { HeaderMapView(block.bytes) }

  /// Bytes held.
  var byteCount: Int { block.count }

  /// The path that tells the API.
  var path: UnsafeRawBufferPointer {
    RequestPath.resolve(path: self[.path], originalPath: self[.originalPath], forwardedPath: self[.forwardedPath])
  }

  /// The model's name from the header that body-based routers set, for requests whose body is not seen.
  var modelName: UnsafeRawBufferPointer? { value(of: "x-gateway-model-name") }

  /// Whether the request came with an id.
  var hasRequestID: Bool { self[.requestID] != nil }

  /// The id the request came with.
  var requestID: String? { text(self[.requestID]) }

  /// The trace that the request is part of.
  var traceparent: UnsafeRawBufferPointer? { self[.traceparent] }

  /// The objective that the client names.
  var objective: String? { text(self[.objective] ?? self[.olderObjective]) }

  /// The flow that the client says the request belongs to.
  var fairnessID: UnsafeRawBufferPointer? { self[.fairnessID] ?? self[.olderFairnessID] }

  /// The model that the request is to be sent on with.
  var modelRewrite: UnsafeRawBufferPointer? { self[.modelRewrite] ?? self[.olderModelRewrite] }

  /// Whether the client wants the request refused when no server has its prompt cached.
  var prefersCached: Bool { self[.prefer]?.elementsEqual("if-available".utf8) ?? false }

  func value(of name: String) -> UnsafeRawBufferPointer? { view.last(name) }

  /// A header's value; nil for one that is absent or empty.
  private subscript(_ header: KnownHeader) -> UnsafeRawBufferPointer? {
    let range = ranges[header.rawValue]
    return range.isEmpty ? nil : UnsafeRawBufferPointer(rebasing: block.bytes[range])
  }

  private func text(_ bytes: UnsafeRawBufferPointer?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
}
