import HTTP2
import NIOCore

/// One unary call to a collector. Belongs to the connection's event loop.
final class CollectorCall: HTTP2StreamHandler {
  private let promise: EventLoopPromise<Void>
  private var name = ""
  private var status: String?
  private var message = ""
  private var httpStatus = ""

  /// - Parameter promise: succeeds when the collector took the spans.
  init(_ promise: EventLoopPromise<Void>) {
    self.promise = promise
  }

  func receivedHeader(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) {
    switch String(decoding: name, as: UTF8.self) {
    case ":status": httpStatus = String(decoding: value, as: UTF8.self)
    case "grpc-status": status = String(decoding: value, as: UTF8.self)
    case "grpc-message": message = String(decoding: value, as: UTF8.self)
    default: break
    }
  }

  func receivedHeaders() {}
  func receivedData(_ bytes: UnsafeRawBufferPointer) {}
  func receivedEnd() {}
  func outputDrained() {}

  func closed(_ code: HTTP2ErrorCode) {
    if status == "0" {
      promise.succeed()
    } else if let status {
      promise.fail(CollectorError("grpc status \(status) \(message)"))
    } else {
      promise.fail(CollectorError(httpStatus.isEmpty ? "the stream was closed" : "status \(httpStatus)"))
    }
  }
}

/// Why spans could not be delivered.
struct CollectorError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
