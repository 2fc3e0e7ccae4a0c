import Foundation
import Logging
import Synchronization
import Telemetry
import Testing

@Suite struct LoggingTests {
  private final class Lines: LogOutput {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func write(_ line: [UInt8]) { lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
  }

  private func logger(_ lines: Lines, level: Logger.Level = .info) -> Logger {
    Logger(label: "epp.test") { label in
      JSONLogHandler(label: label, level: level, output: lines, now: { 1_700_000_000_123_456 })
    }
  }

  @Test func writesOneObjectALine() {
    let lines = Lines()
    var logger = logger(lines)
    logger[metadataKey: "pool"] = "p"
    logger.warning(
      "said \"no\"\n\u{1}é",
      metadata: [
        "count": "\(3)", "n": .stringConvertible(5), "ok": .stringConvertible(true),
        "list": ["a", .stringConvertible(1.5)],
        "map": ["k": "v\\"], "msg": "clash",
      ])
    #expect(
      lines.all == [
        #"{"level":"warn","ts":"2023-11-14T22:13:20.123456Z","logger":"epp.test","msg":"said \"no\"\n\u0001é","#
          + #""count":"3","list":["a",1.5],"map":{"k":"v\\"},"metadata.msg":"clash","n":5,"ok":true,"pool":"p"}"# + "\n"
      ])
  }

  @Test func everyLineIsJSON() throws {
    let lines = Lines()
    let logger = logger(lines, level: .trace)
    let everyControl = String(String.UnicodeScalarView((0..<0x20).compactMap(Unicode.Scalar.init)))
    logger.trace("\(everyControl)\u{7F}\u{2028}", metadata: ["\"\n": .stringConvertible(Double.nan)])
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(lines.all.joined().utf8)) as? [String: String])
    #expect(object["msg"] == everyControl + "\u{7F}\u{2028}")
    #expect(object["\"\n"] == "nan")
    #expect(lines.all.joined().filter { $0 == "\n" }.count == 1)
  }

  @Test func textLinesStayOneLine() {
    let lines = Lines()
    let logger = Logger(label: "epp") { label in
      TextLogHandler(label: label, level: .info, output: lines, now: { 0 })
    }
    logger.error("a\nb", metadata: ["k": "v\r\n"])
    logger.debug("hidden")
    #expect(lines.all == ["1970-01-01T00:00:00.000000Z ERROR epp: a\\nb k=v\\r\\n\n"])
  }

  @Test(arguments: [
    (-1, Logger.Level.warning), (0, .warning), (1, .info), (2, .info), (3, .info), (4, .debug), (5, .trace),
    (9, .trace),
  ])
  func verbosityMapsToLevels(verbosity: Int, level: Logger.Level) {
    #expect(Logger.Level(verbosity: verbosity) == level)
  }
}
