import Testing

import Kubernetes

@Suite struct LineSplitterTests {
  @Test(arguments: 1...12)
  func linesAreTheSameHoweverTheBytesAreCut(size: Int) throws {
    let bytes = Array("first\n\nsecond line\nthird\nrest".utf8)
    var splitter = LineSplitter()
    var lines: [String] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      try splitter.append(bytes[start..<min(start + size, bytes.count)]) {
        lines.append(String(decoding: $0, as: UTF8.self))
      }
    }
    #expect(lines == ["first", "second line", "third"])
    #expect(splitter.isInsideLine)
    try splitter.append("\n".utf8) { lines.append(String(decoding: $0, as: UTF8.self)) }
    #expect(lines.last == "rest")
    #expect(!splitter.isInsideLine)
  }

  @Test func lineThatNeverEndsIsRefused() throws {
    var splitter = LineSplitter(limit: 10)
    try splitter.append("0123456789".utf8) { _ in }
    #expect(throws: LineSplitter.LineTooLong.self) { try splitter.append("x".utf8) { _ in } }
  }

  @Test(arguments: [["01234567890\n"], ["01234", "567890\n"], ["a\n01234567890\nb\n"]])
  func lineThatIsTooLongIsRefusedHoweverItIsCut(pieces: [String]) {
    var splitter = LineSplitter(limit: 10)
    #expect(throws: LineSplitter.LineTooLong.self) {
      for piece in pieces { try splitter.append(piece.utf8) { #expect($0.count <= 10) } }
    }
  }
}
