import Logging

/// Writes lines for people: `TIME LEVEL logger: message key=value …`, for work at a terminal.
public struct TextLogHandler: LogHandler {
  /// The least severe level that is written.
  public var logLevel: Logger.Level
  /// What every line carries.
  public var metadata: Logger.Metadata = [:]
  /// What lines carry depending on the task that logs.
  public var metadataProvider: Logger.MetadataProvider?

  private let label: String
  private let output: any LogOutput
  private let now: @Sendable () -> Int64

  /// - Parameters:
  ///   - label: the logger's name.
  ///   - level: the least severe level that is written.
  ///   - output: where lines go.
  public init(label: String, level: Logger.Level = .info, output: any LogOutput = DescriptorLogOutput()) {
    self.init(label: label, level: level, output: output, now: LogTimestamp.now)
  }

  /// - Parameter now: the time in microseconds since 1970.
  package init(
    label: String, level: Logger.Level, output: any LogOutput, now: @escaping @Sendable () -> Int64
  ) {
    self.label = label
    self.logLevel = level
    self.output = output
    self.now = now
  }

  /// What every line carries under `key`.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes a line.
  public func log(event: LogEvent) {
    let level = event.level.lineName.uppercased()
    var line = "\(LogTimestamp.text(microseconds: now())) \(level) \(label): \(Self.oneLine(event.message.description))"
    for (key, value) in LogMetadata.merged(handler: metadata, provider: metadataProvider, event: event) {
      line += " \(Self.oneLine(key))=\(Self.oneLine(value.description))"
    }
    output.write(Array((line + "\n").utf8))
  }

  /// Text that can't start a line of its own.
  private static func oneLine(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 }) else { return text }
    var escaped = ""
    for scalar in text.unicodeScalars {
      if scalar.value < 0x20 {
        escaped += scalar.escaped(asASCII: false)
      } else {
        escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
