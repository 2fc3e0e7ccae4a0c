/// Puts the model name that the client asked for back into a response to a request that was sent on with another one.
///
/// Replaces the value of every `"model":"TARGET"`, with any white space around the colon, in bytes that come in chunks
/// of any size. Works on bytes, so it serves JSON and event streams alike; inside a string's text the quotes are escaped
/// and so don't match. No other byte is changed, and only the beginning of a value that may be the target's name is
/// held back, until the next chunk decides.
///
/// Used by one thread, for one response.
package struct ModelNameRestorer {
  private enum State: UInt8 {
    /// Looking for the key; `matched` bytes of it fit.
    case key
    /// Right after the key.
    case keyEnd
    /// In white space after the key.
    case beforeColon
    /// After the colon.
    case afterColon
    /// In a string after the colon; `matched` bytes of it are the target's.
    case value
  }

  private static let key: StaticString = "\"model\""

  private let target: [UInt8]
  private let replacement: [UInt8]
  private var state = State.key
  private var matched = 0
  private var output: [UInt8] = []

  /// - Parameters:
  ///   - target: the name that the model server was asked for.
  ///   - client: the name that the client asked for.
  /// - Returns: nil if there is nothing to replace: if the names are the same or one is empty, or if the target's name
  ///   has a quote, a backslash or a control character, which servers write in more than one way.
  package init?(target: UnsafeRawBufferPointer, client: UnsafeRawBufferPointer) {
    guard !target.isEmpty, !client.isEmpty, !target.elementsEqual(client),
      target.allSatisfy({ $0 >= 0x20 && $0 != JSONBytes.quote && $0 != JSONBytes.backslash })
    else { return nil }
    self.target = Array(target)
    replacement = Array(JSONText.string(client).dropFirst().dropLast())
  }

  /// Bytes of the response that were held back so far, at most the length of the target's name.
  package var heldByteCount: Int { state == .value ? matched : 0 }

  /// Calls `body` once with what to send in place of `chunk`: the chunk itself if there is nothing to do.
  ///
  /// - Parameter endOfStream: no further chunk follows, so nothing may be held back. Where trailers or an abort end the
  ///   response, pass an empty chunk.
  package mutating func restore<Result>(
    _ chunk: UnsafeRawBufferPointer, endOfStream: Bool, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    output.removeAll(keepingCapacity: true)
    let held = heldByteCount
    /// Where the value begins, relative to the chunk.
    var valueStart = -held
    /// Bytes of the chunk that are in the output or replaced.
    var copied = 0
    var isChanged = false
    var canSearch = true
    var index = 0
    while index < chunk.count {
      if state == .key, matched == 0, canSearch {
        if let found = JSONBytes.index(of: Self.key, in: chunk, from: index) {
          index = found + Self.key.utf8CodeUnitCount
          state = .keyEnd
        } else {
          // What is left may hold the key's beginning.
          index = max(index, chunk.count - Self.key.utf8CodeUnitCount + 1)
          canSearch = false
        }
        continue
      }
      let byte = chunk[index]
      if state == .value {
        if matched < target.count ? byte == target[matched] : byte == JSONBytes.quote {
          if matched < target.count {
            matched += 1
          } else {
            if valueStart > copied { output += chunk[copied..<valueStart] }
            output += replacement
            copied = index
            isChanged = true
            state = .key
            matched = 0
          }
          index += 1
          continue
        }
        if valueStart < 0 {
          output += target[..<held]
          isChanged = true
        }
        matched = keyBytes(inQuoteAndTarget: matched)
        state = .key
      }
      if step(byte) { valueStart = index + 1 }
      index += 1
    }
    let end: Int
    if state == .value, !endOfStream {
      end = max(valueStart, copied)
    } else {
      if state == .value, valueStart < 0 {
        output += target[..<held]
        isChanged = true
      }
      end = chunk.count
    }
    if endOfStream {
      state = .key
      matched = 0
    }
    guard isChanged else { return body(UnsafeRawBufferPointer(rebasing: chunk[..<end])) }
    output += chunk[copied..<end]
    return output.withUnsafeBytes(body)
  }

  /// Takes a byte outside of values; true if it opens one.
  @inline(__always)
  private mutating func step(_ byte: UInt8) -> Bool {
    switch state {
    case .key, .value:
      break
    case .keyEnd, .beforeColon:
      if JSONBytes.isSpace(byte) {
        state = .beforeColon
        return false
      }
      if byte == UInt8(ascii: ":") {
        state = .afterColon
        return false
      }
      // The key's last quote may be another key's first.
      matched = state == .keyEnd ? 1 : 0
      state = .key
    case .afterColon:
      if JSONBytes.isSpace(byte) { return false }
      matched = 0
      if byte == JSONBytes.quote {
        state = .value
        return true
      }
      state = .key
    }
    guard byte == Self.key.utf8Start[matched] else {
      matched = byte == JSONBytes.quote ? 1 : 0
      return false
    }
    matched += 1
    if matched == Self.key.utf8CodeUnitCount {
      state = .keyEnd
      matched = 0
    }
    return false
  }

  /// How much of the key a quote and the target's first `count` bytes are: the value may have been a key.
  private func keyBytes(inQuoteAndTarget count: Int) -> Int {
    guard count < Self.key.utf8CodeUnitCount - 1 else { return 0 }
    for index in 0..<count where target[index] != Self.key.utf8Start[index + 1] { return 0 }
    return count + 1
  }
}
