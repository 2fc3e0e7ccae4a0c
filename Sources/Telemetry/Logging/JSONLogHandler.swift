import Logging

/// Writes one JSON object a line: `level`, `ts`, `logger`, `msg`, then the metadata in the order of its keys.
///
/// Numbers and booleans in metadata stay what they are; everything else becomes a string. Metadata whose key is one of
/// the four above is written as `metadata.KEY`.
public struct JSONLogHandler: LogHandler {
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
    var line = JSONWriter(capacity: 256)
    line.beginObject()
    line.field("level", event.level.lineName)
    line.field("ts", LogTimestamp.text(microseconds: now()))
    line.field("logger", label)
    line.field("msg", event.message.description)
    for (key, value) in LogMetadata.merged(handler: metadata, provider: metadataProvider, event: event) {
      line.field(["level", "ts", "logger", "msg"].contains(key) ? "metadata.\(key)" : key, value)
    }
    line.endObject()
    line.endLine()
    output.write(line.bytes)
  }
}

extension Logger.Level {
  /// The level as log lines name it; levels that the field's log collectors don't know are folded into their neighbours.
  var lineName: String {
    switch self {
    case .trace: "trace"
    case .debug: "debug"
    case .info, .notice: "info"
    case .warning: "warn"
    case .error: "error"
    case .critical: "fatal"
    }
  }
}

/// The metadata of one line.
enum LogMetadata {
  /// Everything the line carries, sorted by key; the event's own wins over the provider's, and that over the handler's.
  static func merged(
    handler: Logger.Metadata, provider: Logger.MetadataProvider?, event: LogEvent
  ) -> [(key: String, value: Logger.Metadata.Value)] {
    var all = handler
    if let provided = provider?.get(), !provided.isEmpty { all.merge(provided) { $1 } }
    if let own = event.metadata { all.merge(own) { $1 } }
    if let error = event.error { all["error"] = "\(error)" }
    return all.sorted { $0.key < $1.key }
  }
}

extension JSONWriter {
  fileprivate mutating func field(_ key: String, _ value: Logger.Metadata.Value) {
    self.key(key)
    append(value, depth: 0)
  }

  private mutating func append(_ value: Logger.Metadata.Value, depth: Int) {
    guard depth < 16 else { return self.value("…") }
    switch value {
    case .string(let text):
      self.value(text)
    case .stringConvertible(let convertible):
      switch convertible {
      case let number as any BinaryInteger: raw(String(describing: number).utf8)
      case let number as Double where number.isFinite: raw(number.description.utf8)
      case let truth as Bool: self.value(truth)
      default: self.value(String(describing: convertible))
      }
    case .array(let elements):
      beginArray()
      for element in elements { append(element, depth: depth + 1) }
      endArray()
    case .dictionary(let fields):
      beginObject()
      for (name, field) in fields.sorted(by: { $0.key < $1.key }) {
        key(name)
        append(field, depth: depth + 1)
      }
      endObject()
    }
  }
}
