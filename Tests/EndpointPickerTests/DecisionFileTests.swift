import EndpointPicker
import Foundation
import Logging
import Testing

/// Files of decisions, on real file systems.
@Suite struct DecisionFileTests {
  private func withDirectory(_ body: (String) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try body(directory)
  }

  private func contents(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

  @Test func fullFilesMoveAside() throws {
    try withDirectory { directory in
      let path = "\(directory)/log"
      var file = RotatingFile(path: path, maximumBytes: 10, maximumFiles: 3)
      for line in ["one\n", "two\n", "three\n", "four\n", "five\n", "a very long line\n", "six\n"] {
        try file.append(Array(line.utf8))
      }
      #expect(contents(path) == "six\n")
      #expect(contents("\(path).1") == "a very long line\n")
      #expect(contents("\(path).2") == "four\nfive\n")
      #expect(contents("\(path).3") == nil)
    }
  }

  @Test func aFileIsContinued() throws {
    try withDirectory { directory in
      let path = "\(directory)/log"
      for line in ["one\n", "two\n"] {
        var file = RotatingFile(path: path, maximumBytes: 100, maximumFiles: 1)
        try file.append(Array(line.utf8))
      }
      #expect(contents(path) == "one\ntwo\n")
    }
  }

  @Test func aFullDiskIsAnErrorAndNothingElse() throws {
    var file = RotatingFile(path: "/dev/full", maximumBytes: 100, maximumFiles: 1)
    #expect(throws: RotatingFile.Failure.self) { try file.append(Array("line\n".utf8)) }
  }

  @Test func recordsThatCannotBeWrittenAreCounted() throws {
    var options = ExplainOptions()
    options.file = "/dev/full"
    let file = DecisionFile(options: options, logger: CapturedLog().logger)
    for _ in 0..<5 { file.append(DecisionRecord(try Decisions.content())) }
    #expect(file.writeWaiting()?.contains("No space left") == true)
    #expect(file.counts == (written: 0, dropped: 5))
    #expect(file.writeWaiting() == nil)
  }

  @Test func tooManyWaitingAreCountedToo() throws {
    let file = DecisionFile(options: ExplainOptions(), logger: CapturedLog().logger)
    let record = DecisionRecord(try Decisions.content())
    for _ in 0..<DecisionFile.maximumWaiting + 7 { file.append(record) }
    #expect(file.counts == (written: 0, dropped: 7))
  }

  @Test func linesOfTheFileAreThoseOfTheLog() throws {
    try withDirectory { directory in
      var options = ExplainOptions()
      options.file = "\(directory)/log"
      let file = DecisionFile(options: options, logger: CapturedLog().logger)
      try file.open()
      let log = DecisionLog(file: file)
      let record = log.append(try Decisions.content("one"))
      #expect(file.writeWaiting() == nil)
      #expect(contents(options.file) == "", "a decision is written when its stream has ended")
      log.ended(record, DecisionRecord.Outcome())
      #expect(file.writeWaiting() == nil)
      #expect(contents(options.file) == String(decoding: log.lines, as: UTF8.self))
      #expect(file.counts == (written: 1, dropped: 0))
    }
  }

  @Test func aPathThatCannotWorkStopsTheStart() {
    var options = ExplainOptions()
    options.file = "/nowhere/at/all/log"
    let file = DecisionFile(options: options, logger: CapturedLog().logger)
    #expect { try file.open() } throws: { error in
      "\(error)".hasPrefix("--decision-log-file: cannot open /nowhere/at/all/log")
    }
  }
}
