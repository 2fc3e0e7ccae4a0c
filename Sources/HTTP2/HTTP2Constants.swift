import CNghttp2

/// nghttp2's constants with the types its functions want.
enum HTTP2Constants {
  static let frameData = UInt8(NGHTTP2_DATA.rawValue)
  static let frameHeaders = UInt8(NGHTTP2_HEADERS.rawValue)
  static let frameGoAway = UInt8(NGHTTP2_GOAWAY.rawValue)
  static let frameResetStream = UInt8(NGHTTP2_RST_STREAM.rawValue)
  static let frameSettings = UInt8(NGHTTP2_SETTINGS.rawValue)
  static let frameWindowUpdate = UInt8(NGHTTP2_WINDOW_UPDATE.rawValue)
  static let flagAcknowledged = UInt8(NGHTTP2_FLAG_ACK.rawValue)
  static let flagNone = UInt8(NGHTTP2_FLAG_NONE.rawValue)
  static let flagEndStream = UInt8(NGHTTP2_FLAG_END_STREAM.rawValue)
  static let dataEOF = UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
  static let dataNoEndStream = UInt32(NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue)
  static let dataNoCopy = UInt32(NGHTTP2_DATA_FLAG_NO_COPY.rawValue)
  static let headerNoCopy = UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
  static let deferred = Int(NGHTTP2_ERR_DEFERRED.rawValue)
  static let wouldBlock = NGHTTP2_ERR_WOULDBLOCK.rawValue
  static let callbackFailure = NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
  static let flooded = Int(NGHTTP2_ERR_FLOODED.rawValue)
  /// Only versions of nghttp2 that count continuations name it.
  static let tooManyContinuations = -905
  static let temporalCallbackFailure = NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
}
