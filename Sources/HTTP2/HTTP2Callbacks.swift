import ByteStorage
import CNghttp2

/// nghttp2's callbacks: C function pointers that find the session and the stream and hand over.
enum HTTP2Callbacks {
  static func makeSession(role: HTTP2Session.Role) -> OpaquePointer? {
    var callbacks: OpaquePointer?
    var option: OpaquePointer?
    guard nghttp2_session_callbacks_new(&callbacks) == 0, nghttp2_option_new(&option) == 0 else { return nil }
    defer {
      nghttp2_session_callbacks_del(callbacks)
      nghttp2_option_del(option)
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, onBeginHeaders)
    nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader)
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame)
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData)
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onClose)
    nghttp2_session_callbacks_set_send_data_callback(callbacks, sendData)
    if role == .server {
      nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, onFrameSent)
      nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, onBeginFrame)
      // Envoy calls the picker by its cluster's name unless told otherwise, and names such as Istio's
      // `outbound|9002||epp.default.svc` are no authorities to nghttp2, which would reset the stream. What the checks
      // left out with it find is looked after by the streams: they take a request for what its pseudo-headers say.
      nghttp2_option_set_no_http_messaging(option, 1)
    }

    nghttp2_option_set_no_auto_window_update(option, 1)
    nghttp2_option_set_no_closed_streams(option, 1)
    // Proxies reset every finished ext_proc stream, so nghttp2's own limiter would end healthy connections. Resets of
    // unfinished streams are counted by the session instead.
    nghttp2_option_set_stream_reset_rate_limit(option, .max >> 1, .max >> 1)

    var session: OpaquePointer?
    let result =
      switch role {
      case .server: nghttp2_session_server_new2(&session, callbacks, nil, option)
      case .client: nghttp2_session_client_new2(&session, callbacks, nil, option)
      }
    return result == 0 ? session : nil
  }

  @inline(__always)
  private static func session(_ pointer: UnsafeMutableRawPointer?) -> HTTP2Session? {
    pointer.map { Unmanaged<HTTP2Session>.fromOpaque($0).takeUnretainedValue() }
  }

  @inline(__always)
  private static func stream(_ session: OpaquePointer?, _ id: Int32) -> HTTP2Stream? {
    nghttp2_session_get_stream_user_data(session, id)
      .map { Unmanaged<HTTP2Stream>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Counts what costs its sender nothing. Window updates and resets are left out: proxies send those for every stream.
  private static let onBeginFrame: nghttp2_on_begin_frame_callback = { _, header, user in
    guard let header else { return 0 }
    switch header.pointee.type {
    case HTTP2Constants.frameHeaders, HTTP2Constants.frameWindowUpdate, HTTP2Constants.frameResetStream:
      return 0
    case HTTP2Constants.frameData
    where header.pointee.length > 0 || header.pointee.flags & HTTP2Constants.flagEndStream != 0:
      return 0
    default:
      session(user)?.receivedControlFrame()
      return 0
    }
  }

  private static let onBeginHeaders: nghttp2_on_begin_headers_callback = { raw, frame, user in
    guard let frame, let session = session(user), session.role == .server,
      frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
    else { return 0 }
    return session.peerOpenedStream(id: frame.pointee.hd.stream_id) ? 0 : HTTP2Constants.temporalCallbackFailure
  }

  private static let onHeader: nghttp2_on_header_callback = {
    raw, frame, name, nameLength, value, valueLength, _, user in
    guard let frame, let stream = stream(raw, frame.pointee.hd.stream_id), let handler = stream.handler else {
      return 0
    }
    stream.headerBytes += nameLength + valueLength + 32
    guard stream.headerBytes <= stream.session.settings.maxHeaderListSize else {
      return HTTP2Constants.temporalCallbackFailure
    }
    handler.receivedHeader(
      name: UnsafeBufferPointer(start: name, count: nameLength),
      value: UnsafeBufferPointer(start: value, count: valueLength))
    return 0
  }

  private static let onFrame: nghttp2_on_frame_recv_callback = { raw, frame, user in
    guard let frame else { return 0 }
    let header = frame.pointee.hd
    switch header.type {
    case HTTP2Constants.frameHeaders:
      guard let stream = stream(raw, header.stream_id) else { return 0 }
      stream.handler?.receivedHeaders()
      if header.flags & HTTP2Constants.flagEndStream != 0 { ended(stream) }
    case HTTP2Constants.frameData:
      guard header.flags & HTTP2Constants.flagEndStream != 0, let stream = stream(raw, header.stream_id) else {
        return 0
      }
      ended(stream)
    case HTTP2Constants.frameSettings:
      if header.flags & HTTP2Constants.flagAcknowledged == 0 { session(user)?.hasPeerSettings = true }
    case HTTP2Constants.frameGoAway:
      session(user)?.receivedGoAway()
    case HTTP2Constants.frameResetStream:
      // Told before the stream is closed.
      stream(raw, header.stream_id)?.isResetByPeer = true
    default:
      break
    }
    return 0
  }

  private static func ended(_ stream: HTTP2Stream) {
    stream.remoteEnded = true
    stream.handler?.receivedEnd()
  }

  private static let onData: nghttp2_on_data_chunk_recv_callback = { raw, _, id, bytes, length, user in
    guard let session = session(user) else { return 0 }
    guard let stream = stream(raw, id) else {
      // Data of a stream that is gone here still took room in the connection's window.
      nghttp2_session_consume_connection(raw, length)
      return 0
    }
    session.received(UnsafeRawBufferPointer(start: bytes, count: length), on: stream)
    return 0
  }

  /// A call that ends before its client finished sending would stay half open for as long as the client likes.
  private static let onFrameSent: nghttp2_on_frame_send_callback = { raw, frame, _ in
    guard let header = frame?.pointee.hd, header.flags & HTTP2Constants.flagEndStream != 0,
      header.type == HTTP2Constants.frameHeaders || header.type == HTTP2Constants.frameData,
      let stream = stream(raw, header.stream_id), !stream.remoteEnded
    else { return 0 }
    nghttp2_submit_rst_stream(raw, HTTP2Constants.flagNone, header.stream_id, HTTP2ErrorCode.noError.rawValue)
    return 0
  }

  private static let onClose: nghttp2_on_stream_close_callback = { raw, id, code, user in
    guard let stream = stream(raw, id) else { return 0 }
    session(user)?.close(stream, HTTP2ErrorCode(rawValue: code))
    return 0
  }

  /// nghttp2 asks how much of a stream's output can go in the next DATA frame.
  static let readData: nghttp2_data_source_read_callback = { raw, id, _, limit, flags, source, _ in
    guard let pointer = source?.pointee.ptr, let flags else { return HTTP2Constants.deferred }
    let stream = Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
    let available = stream.output.count
    let length = min(available, limit)
    guard length > 0 || stream.outputEnded else {
      stream.isDeferred = true
      return HTTP2Constants.deferred
    }
    flags.pointee |= HTTP2Constants.dataNoCopy
    if stream.outputEnded, length == available {
      flags.pointee |= HTTP2Constants.dataEOF
      stream.localEnded = true
      if let trailers = stream.trailers {
        flags.pointee |= HTTP2Constants.dataNoEndStream
        nghttp2_submit_trailer(raw, id, trailers.entries.baseAddress, trailers.entries.count)
      }
    }
    return length
  }

  /// nghttp2 wants a DATA frame written: its nine header bytes, then `length` bytes of the stream's output.
  private static let sendData: nghttp2_send_data_callback = { _, _, frameHeader, length, source, user in
    guard let session = session(user), let pointer = source?.pointee.ptr, let frameHeader,
      let target = session.region.baseAddress
    else { return HTTP2Constants.callbackFailure }
    guard session.region.count - session.regionUsed >= length + 9 else {
      session.isBlocked = true
      return HTTP2Constants.wouldBlock
    }
    let stream = Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
    let start = target + session.regionUsed
    start.copyMemory(from: frameHeader, byteCount: 9)
    stream.output.take(length, into: start + 9)
    session.regionUsed += length + 9
    session.outputTaken(stream)
    return 0
  }
}
