import CEnvoyProtos
import NIOCore

/// The methods of `grpc.health.v1.Health`.
public enum HealthMethods {
  /// Check, Watch and List, answering from `status`.
  public static func all(_ status: HealthStatus) -> [any GRPCMethod] {
    [
      HealthMethod(kind: .check, status: status), HealthMethod(kind: .watch, status: status),
      HealthMethod(kind: .list, status: status),
    ]
  }
}

private struct HealthMethod: GRPCMethod {
  enum Kind: String, Sendable {
    case check = "Check"
    case watch = "Watch"
    case list = "List"
  }

  let kind: Kind
  let status: HealthStatus

  var path: String { "/grpc.health.v1.Health/\(kind.rawValue)" }

  func makeCall(_ stream: GRPCServerStream, on eventLoop: any EventLoop) -> any GRPCCall {
    HealthCall(kind, status, stream, eventLoop)
  }
}

/// One call to the health service.
private final class HealthCall: GRPCCall {
  private let kind: HealthMethod.Kind
  private let status: HealthStatus
  private let eventLoop: any EventLoop
  private var stream: GRPCServerStream?
  private var hasRequest = false
  private var watcher: Int?
  private var lastSent: HealthStatus.Serving?

  init(_ kind: HealthMethod.Kind, _ status: HealthStatus, _ stream: GRPCServerStream, _ eventLoop: any EventLoop) {
    self.kind = kind
    self.status = status
    self.stream = stream
    self.eventLoop = eventLoop
  }

  func received(_ message: UnsafeRawBufferPointer) {
    guard !hasRequest else { return finish(GRPCStatus(.invalidArgument, "more than one request")) }
    hasRequest = true
    guard
      let request = grpc__health__v1__health_check_request__unpack(
        nil, message.count, message.bindMemory(to: UInt8.self).baseAddress)
    else { return finish(GRPCStatus(.invalidArgument, "malformed HealthCheckRequest")) }
    defer { grpc__health__v1__health_check_request__free_unpacked(request, nil) }
    let service = String(cString: request.pointee.service)
    switch kind {
    case .check:
      send(status.status(of: service))
      finish(.ok)
    case .list:
      sendList()
      finish(.ok)
    case .watch:
      watch(service)
    }
  }

  func receivedHalfClose() {
    if !hasRequest { finish(GRPCStatus(.invalidArgument, "no request")) }
  }

  func exceeded(_ limit: GRPCLimit) {}

  func ended() {
    if let watcher { status.removeWatcher(watcher) }
    stream = nil
  }

  private func watch(_ service: String) {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    let eventLoop = eventLoop
    // The call lives until `ended` removes the watcher, so this reference is not a leak.
    watcher = status.addWatcher { eventLoop.execute { bound.value.sendIfChanged(service) } }
    sendIfChanged(service)
  }

  private func sendIfChanged(_ service: String) {
    let current = status.status(of: service)
    guard current != lastSent else { return }
    lastSent = current
    send(current)
  }

  private func send(_ serving: HealthStatus.Serving) {
    var response = Grpc__Health__V1__HealthCheckResponse()
    grpc__health__v1__health_check_response__init(&response)
    response.status = serving.rawValue
    let length = grpc__health__v1__health_check_response__get_packed_size(&response)
    stream?.send(length: length) { pointer in
      _ = grpc__health__v1__health_check_response__pack(&response, pointer.assumingMemoryBound(to: UInt8.self))
    }
  }

  private func sendList() {
    // HealthListResponse { map<string, HealthCheckResponse> statuses = 1 }, written out: entries are tiny.
    var bytes: [UInt8] = []
    for service in status.allListedServices {
      var entry: [UInt8] = [0x0A, UInt8(service.utf8.count)]
      entry += service.utf8
      entry += [0x12, 2, 0x08, UInt8(status.status(of: service).rawValue)]
      bytes += [0x0A, UInt8(entry.count)]
      bytes += entry
    }
    stream?.send(length: bytes.count) { $0.copyMemory(from: bytes, byteCount: bytes.count) }
  }

  private func finish(_ result: GRPCStatus) { stream?.finish(result) }
}
