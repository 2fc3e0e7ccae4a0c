import NIOCore
import NIOHTTP1

/// One client connection: collects a request, hands it to the server, and writes the answer.
///
/// NIO's pipelining handler in front of it delivers a request only after the answer to the one before has ended.
/// Confined to its channel's event loop, which is also its server's.
final class HTTPConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// A request that has arrived in full.
  struct Request {
    var method: HTTPMethod
    var path: String
    var body: ByteBuffer
  }

  private let server: ModelServer
  private var context: ChannelHandlerContext?
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()
  private var bodyBytes = 0
  private var bodyHash = FNV1a64()

  /// The completion being served.
  var task: CompletionTask?

  init(server: ModelServer) {
    self.server = server
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    server.connections[ObjectIdentifier(self)] = self
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    server.connections[ObjectIdentifier(self)] = nil
    if let task { server.cancel(task) }
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      bodyBytes = 0
      bodyHash = FNV1a64()
      body = ByteBuffer()
      if head.headers["expect"].contains(where: { $0.lowercased() == "100-continue" }) {
        context.writeAndFlush(
          wrapOutboundOut(.head(HTTPResponseHead(version: head.version, status: .continue))), promise: nil)
      }
    case .body(var part):
      part.withUnsafeReadableBytes { bodyHash.update($0) }
      bodyBytes += part.readableBytes
      if bodyBytes > server.configuration.maxBodyBytes {
        body = ByteBuffer()
      } else if body.readableBytes == 0 {
        body = part
      } else {
        body.writeBuffer(&part)
      }
    case .end:
      guard let head else { return }
      let received = body
      body = ByteBuffer()
      guard bodyBytes <= server.configuration.maxBodyBytes else {
        return respondError(.payloadTooLarge, "The body is larger than \(server.configuration.maxBodyBytes) bytes", nil)
      }
      let path = head.uri.prefix { $0 != "?" }
      server.handle(Request(method: head.method, path: String(path), body: received), from: self)
    }
  }

  // MARK: Answers

  /// Answers with a whole body.
  func respond(_ status: HTTPResponseStatus, _ body: ByteBuffer, contentType: String = "application/json") {
    guard let context, let request = head else { return }
    write(status, contentType: contentType, length: body.readableBytes)
    if body.readableBytes > 0, request.method != .HEAD {
      context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    }
    finish()
  }

  /// Answers with vLLM's error body.
  func respondError(_ status: HTTPResponseStatus, _ message: String, _ field: String?) {
    let type =
      switch status {
      case .notFound: "NotFoundError"
      case .badRequest, .payloadTooLarge, .methodNotAllowed: "BadRequestError"
      default: "InternalServerError"
      }
    var body = ByteBuffer()
    body.writeString("{\"error\":{\"message\":")
    body.writeJSONString(message)
    body.writeString(",\"type\":\"\(type)\",\"param\":")
    if let field { body.writeJSONString(field) } else { body.writeString("null") }
    body.writeString(",\"code\":\(status.code)}}")
    respond(status, body)
  }

  /// Starts an event stream; its head leaves with the first events.
  func beginEvents() {
    write(.ok, contentType: "text/event-stream; charset=utf-8", length: nil)
  }

  /// Sends events and flushes.
  func sendEvents(_ events: ByteBuffer) {
    guard let context else { return }
    context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(events))), promise: nil)
  }

  /// Ends an event stream.
  func endEvents() {
    guard context != nil else { return }
    finish()
  }

  /// Drops the connection.
  func close() {
    context?.close(promise: nil)
  }

  private func write(_ status: HTTPResponseStatus, contentType: String, length: Int?) {
    guard let context, let request = head else { return }
    var headers = HTTPHeaders()
    headers.reserveCapacity(8)
    headers.add(name: "content-type", value: contentType)
    if let length {
      headers.add(name: "content-length", value: String(length))
    } else if request.version.minor >= 1 {
      headers.add(name: "transfer-encoding", value: "chunked")
    }
    headers.add(name: "x-model-server", value: server.address)
    headers.add(name: "x-request-body-bytes", value: String(bodyBytes))
    headers.add(name: "x-request-body-fnv1a64", value: bodyHash.hexadecimal)
    if !keepsAlive(length: length) { headers.add(name: "connection", value: "close") }
    isClosing = !keepsAlive(length: length)
    context.write(
      wrapOutboundOut(.head(HTTPResponseHead(version: request.version, status: status, headers: headers))), promise: nil
    )
  }

  private var isClosing = false

  /// A body without length on HTTP/1.0 ends with the connection.
  private func keepsAlive(length: Int?) -> Bool {
    guard let head else { return false }
    return head.isKeepAlive && (length != nil || head.version.minor >= 1)
  }

  private func finish() {
    guard let context else { return }
    head = nil
    task = nil
    if isClosing {
      context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in context.close(promise: nil)
      }
    } else {
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }
}
