import ByteStorage
import ExtProc
import Scheduling

/// The request headers of one stream, kept in their encoded form and looked up on demand.
final class StoredHeaders: RequestHeaders {
  private let block = ByteBlock()

  /// Replaces the headers by a copy of these.
  func store(_ headers: HeaderMapView) {
    block.removeAll()
    block.append(headers.bytes)
  }

  func clear() { block.removeAll() }

  var view: HeaderMapView { HeaderMapView(block.bytes) }

  /// Bytes held.
  var byteCount: Int { block.count }

  func value(of name: String) -> UnsafeRawBufferPointer? { view.last(name) }

  func value(of name: StaticString) -> UnsafeRawBufferPointer? { view.last(name) }

  func text(of name: StaticString) -> String? { view.last(name).map { String(decoding: $0, as: UTF8.self) } }
}
