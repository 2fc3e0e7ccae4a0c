import CAccelerate

/// Finds the usage object of a JSON document that arrives in pieces of any size, and reads its counts.
///
/// A state machine that keeps where it is in the document and nothing of the document besides the usage object's own
/// text. Strings and nested values that can't hold the usage are skipped many bytes at a time. It doesn't validate: of
/// malformed documents it finds some usage or none. Keys written with escapes are not recognised.
struct UsageScanner {
  private enum Lexeme: UInt8 {
    /// Before the document's opening brace.
    case start
    /// Between the tokens of an object that matters.
    case members
    /// Inside a key of such an object.
    case key
    /// Inside the string value of `type`.
    case type
    /// Inside a number that is a count.
    case count
    /// Inside a string that doesn't matter, of an object that does.
    case string
    /// Inside an array or object that doesn't matter.
    case skipped
    /// Inside a string in there.
    case skippedString
    /// After the document's end, or where it isn't JSON.
    case end
  }

  private enum NumberPart: UInt8 {
    case whole
    case fraction
    case unusable
  }

  /// No server has counted this far; beyond it digits stop to add up.
  private static let maximumCount = 1 << 50

  private var family = ResponseFamily.none
  private var lexeme = Lexeme.start
  /// The objects that matter from the document to the current one, the current one in the lowest byte.
  private var scopes: UInt32 = 0
  private var depth = 0
  /// Open arrays and objects that don't matter.
  private var skippedDepth = 0
  private var isEscaped = false
  private var expectsValue = false
  private var member = UsageMember.none
  private var word = ShortText()
  private var number = 0
  private var numberPart = NumberPart.whole
  /// Whether the type says that the wrapper's usage counts.
  private var isFinalType = false
  private var counts = UsageCounts()
  /// The usage found in a wrapper, which counts if the type fits, and the type may come later.
  private var wrapped: UsageCounts?
  private var text: [UInt8] = []
  private var isTextTooLong = false
  /// Whether the current bytes belong to the usage object's text.
  private var isCapturing = false

  /// Gets ready for the first document of a response.
  mutating func begin(family: ResponseFamily) {
    self.family = family
    begin()
  }

  /// Gets ready for the response's next document.
  mutating func begin() {
    lexeme = .start
    scopes = 0
    depth = 0
    skippedDepth = 0
    isEscaped = false
    expectsValue = false
    member = .none
    isFinalType = false
    wrapped = nil
    isCapturing = false
  }

  /// Reads the document's next bytes. Updates `usage` and returns true if they complete a usage object.
  mutating func read(_ bytes: UnsafeRawBufferPointer, into usage: inout Usage) -> Bool {
    var hasUpdated = false
    var index = 0
    var captureStart = 0
    while index < bytes.count {
      switch lexeme {
      case .start:
        index = JSONBytes.skipSpace(bytes, from: index)
        guard index < bytes.count else { break }
        lexeme = .end
        if bytes[index] == UInt8(ascii: "{") {
          push(.document)
          lexeme = .members
        }
        index += 1
      case .members:
        let byte = bytes[index]
        if isCapturing, byte == UInt8(ascii: "}"), scope == .usage {
          capture(bytes[captureStart...index])
          isCapturing = false
        }
        if step(byte, into: &usage) { hasUpdated = true }
        if !isCapturing, byte == UInt8(ascii: "{"), scope == .usage, lexeme == .members {
          isCapturing = true
          captureStart = index
          text.removeAll(keepingCapacity: true)
          isTextTooLong = false
        }
        // The first byte of a number is read by its own state.
        if lexeme != .count { index += 1 }
      case .key, .type:
        let end = closingQuote(bytes, from: index)
        word.append(UnsafeRawBufferPointer(rebasing: bytes[index..<(end ?? bytes.count)]))
        if end != nil { endWord() }
        index = end.map { $0 + 1 } ?? bytes.count
      case .string, .skippedString:
        let end = closingQuote(bytes, from: index)
        if end != nil { lexeme = lexeme == .string ? .members : .skipped }
        index = end.map { $0 + 1 } ?? bytes.count
      case .count:
        if addDigit(bytes[index]) {
          index += 1
        } else {
          if numberPart != .unusable { counts.set(member, to: number) }
          member = .none
          lexeme = .members
        }
      case .skipped:
        index = JSONBytes.indexOfStructure(bytes, from: index)
        guard index < bytes.count else { break }
        skipStructure(bytes[index])
        index += 1
      case .end:
        index = bytes.count
      }
    }
    if isCapturing { capture(bytes[captureStart...]) }
    return hasUpdated
  }

  private var scope: UsageMember.Scope? {
    depth > 0 ? UsageMember.Scope(rawValue: UInt8(truncatingIfNeeded: scopes)) : nil
  }

  private mutating func push(_ scope: UsageMember.Scope) {
    scopes = scopes << 8 | UInt32(scope.rawValue)
    depth += 1
    expectsValue = false
    member = .none
  }

  private mutating func closingQuote(_ bytes: UnsafeRawBufferPointer, from index: Int) -> Int? {
    JSONBytes.indexOfClosingQuote(bytes, from: index, isEscaped: &isEscaped)
  }

  /// Takes a byte between tokens; true if it completes a usage object.
  @inline(__always)
  private mutating func step(_ byte: UInt8, into usage: inout Usage) -> Bool {
    switch byte {
    case JSONBytes.quote:
      isEscaped = false
      word.clear()
      lexeme = !expectsValue ? .key : member == .type ? .type : .string
      // Whatever the value is, it has begun.
      if expectsValue { member = .none }
    case UInt8(ascii: ":"):
      if expectsValue { member = .none }
      expectsValue = true
    case UInt8(ascii: ","):
      expectsValue = false
      member = .none
    case UInt8(ascii: "{"):
      open()
    case UInt8(ascii: "["):
      member = .none
      skippedDepth = 1
      lexeme = .skipped
    case UInt8(ascii: "}"):
      return close(into: &usage)
    case UInt8(ascii: "]"):
      lexeme = .end
    default:
      guard expectsValue, !JSONBytes.isSpace(byte) else { break }
      guard member.isCount else {
        member = .none
        break
      }
      lexeme = .count
      number = 0
      numberPart = isDigit(byte) ? .whole : .unusable
    }
    return false
  }

  private mutating func open() {
    switch member {
    case .wrapper:
      push(.wrapper)
    case .usage:
      counts = UsageCounts()
      push(.usage)
    case .details:
      push(.details)
    default:
      skippedDepth = 1
      lexeme = .skipped
    }
  }

  private mutating func close(into usage: inout Usage) -> Bool {
    let closed = scope
    depth -= 1
    scopes >>= 8
    expectsValue = false
    member = .none
    switch closed {
    case .usage where scope == .wrapper:
      wrapped = counts
    case .usage:
      store(counts, in: &usage)
      return true
    case .document:
      lexeme = .end
      guard let wrapped, isFinalType else { break }
      store(wrapped, in: &usage)
      return true
    default:
      break
    }
    return false
  }

  private mutating func store(_ counts: UsageCounts, in usage: inout Usage) {
    counts.store(in: &usage, of: family)
    usage.json.removeAll(keepingCapacity: true)
    usage.json += text
    wrapped = nil
  }

  private mutating func endWord() {
    if lexeme == .key {
      if let scope {
        member = word.withBytes { UsageMember(JSONKey(bytes: $0), in: scope, of: family) }
      }
    } else {
      isFinalType = word.withBytes {
        switch JSONKey(bytes: $0) {
        case "response.completed", "response.incomplete", "message_start": true
        default: false
        }
      }
    }
    lexeme = .members
  }

  private mutating func skipStructure(_ byte: UInt8) {
    switch byte {
    case JSONBytes.quote:
      isEscaped = false
      lexeme = .skippedString
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      skippedDepth += 1
    default:
      skippedDepth -= 1
      if skippedDepth == 0 { lexeme = .members }
    }
  }

  /// Takes the next byte of a number; false if it isn't part of it.
  private mutating func addDigit(_ byte: UInt8) -> Bool {
    if isDigit(byte) {
      if numberPart == .whole { number = min(number * 10 + Int(byte - UInt8(ascii: "0")), Self.maximumCount) }
      return true
    }
    switch byte {
    case UInt8(ascii: "."):
      if numberPart == .whole { numberPart = .fraction }
      return true
    case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "["),
      JSONBytes.quote:
      return false
    default:
      if JSONBytes.isSpace(byte) { return false }
      // Signs, exponents and the letters of true, false and null.
      numberPart = .unusable
      return true
    }
  }

  @inline(__always)
  private func isDigit(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") < 10
  }

  /// Adds to the usage object's text; one that is too long is left empty.
  private mutating func capture(_ bytes: Slice<UnsafeRawBufferPointer>) {
    guard !isTextTooLong, bytes.count <= Usage.maximumJSONBytes - text.count else {
      text.removeAll(keepingCapacity: true)
      isTextTooLong = true
      return
    }
    text.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes))
  }
}
