import HTTP2

/// A server application that keeps the handlers of all streams it was offered.
final class RecordingApplication: HTTP2Application {
  private(set) var handlers: [RecordingHandler] = []
  /// Prepares the handler of a new stream.
  var onStream: (RecordingHandler) -> Void = { _ in }
  /// Whether new streams are turned away.
  var isRefusing = false

  func handler(for stream: HTTP2Stream) -> (any HTTP2StreamHandler)? {
    guard !isRefusing else { return nil }
    let handler = RecordingHandler()
    handler.stream = stream
    handlers.append(handler)
    onStream(handler)
    return handler
  }

  /// Sends every request's body back as it comes, and ends when the request ends.
  static func echo() -> RecordingApplication {
    let application = RecordingApplication()
    application.onStream = { handler in
      handler.onHeaders = { handler in
        if handler.blocks.count == 1 { handler.stream?.respond(okHeaders) }
      }
      handler.onData = { handler, bytes in handler.stream?.write(bytes) }
      handler.onEnd = { handler in handler.stream?.finish() }
    }
    return application
  }

  /// Answers with `:status: 200` and no body once the request's headers are there.
  static func headersOnly() -> RecordingApplication {
    let application = RecordingApplication()
    application.onStream = { handler in
      handler.onHeaders = { $0.stream?.respondOnly(okHeaders) }
    }
    return application
  }
}

let okHeaders = HeaderBlock([(":status", "200")])
let requestHeaders = HeaderBlock([
  (":method", "POST"), (":scheme", "http"), (":path", "/test"), (":authority", "localhost"),
])
