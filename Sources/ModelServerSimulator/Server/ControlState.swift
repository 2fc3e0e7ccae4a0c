/// What `POST /control` changed about a server.
struct ControlState: Equatable {
  /// Reported waiting requests instead of the real number.
  var queue: Int?
  /// Reported running requests instead of the real number.
  var running: Int?
  /// Reported KV-cache usage instead of the real one.
  var cacheUsage: Double?
  /// Reported number of blocks; the engine has that many after the next restart.
  var blockCount: Int?
  /// Whether `/metrics` answers with status 503.
  var failMetrics = false
  /// The status that completion requests are answered with, 400...599.
  var failRequestsStatus: Int?
  /// Milliseconds `/metrics` waits before it answers, 0...600000.
  var metricsDelay = 0

  /// Applies a control request and returns whether it asks for a restart. A field that is absent stays as it is, `null`
  /// gives up an override; a restart forgets all that earlier requests set.
  ///
  /// - Throws: ``RequestError`` naming the field that can't be used; nothing is applied then.
  mutating func apply(_ body: UnsafeRawBufferPointer) throws(RequestError) -> Bool {
    var changes: [(inout ControlState) -> Void] = []
    var restart = false
    var defect: RequestError?
    var scanner = JSONScanner(body)

    func number(
      _ key: String, _ scanner: inout JSONScanner, in range: ClosedRange<Double>, whole: Bool
    ) throws(JSONError) -> Double? {
      if try scanner.readNull() { return nil }
      let first = scanner.peek()
      if first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
        let value = try scanner.readNumber()
      {
        if range.contains(value), !whole || value.rounded() == value { return value }
      } else {
        try scanner.skipValue()
      }
      let kind = whole ? "a whole number" : "a number"
      defect =
        defect
        ?? RequestError(
          message: "\(key): must be null or \(kind), \(range.lowerBound)...\(range.upperBound)", field: key)
      return nil
    }
    func flag(_ key: String, _ scanner: inout JSONScanner) throws(JSONError) -> Bool {
      if try scanner.readNull() { return false }
      if scanner.peek() == UInt8(ascii: "t") || scanner.peek() == UInt8(ascii: "f") { return try scanner.readBool() }
      try scanner.skipValue()
      defect = defect ?? RequestError(message: "\(key): must be true or false", field: key)
      return false
    }

    do throws(JSONError) {
      try scanner.readObject { (key, scanner) throws(JSONError) in
        switch key {
        case "queue":
          let value = try number(key, &scanner, in: 0...1e9, whole: true).map { Int($0) }
          changes.append { $0.queue = value }
        case "running":
          let value = try number(key, &scanner, in: 0...1e9, whole: true).map { Int($0) }
          changes.append { $0.running = value }
        case "kv":
          let value = try number(key, &scanner, in: 0...1, whole: false)
          changes.append { $0.cacheUsage = value }
        case "num_gpu_blocks":
          let value = try number(key, &scanner, in: 1...16_777_216, whole: true).map { Int($0) }
          changes.append { $0.blockCount = value }
        case "fail_requests_status":
          let value = try number(key, &scanner, in: 400...599, whole: true).map { Int($0) }
          changes.append { $0.failRequestsStatus = value }
        case "delay_metrics_ms":
          let value = try number(key, &scanner, in: 0...600_000, whole: true).map { Int($0) } ?? 0
          changes.append { $0.metricsDelay = value }
        case "fail_metrics":
          let value = try flag(key, &scanner)
          changes.append { $0.failMetrics = value }
        case "restart":
          restart = try flag(key, &scanner)
        default:
          try scanner.skipValue()
          defect = defect ?? RequestError(message: "\(key): unknown field", field: key)
        }
      }
      try scanner.expectEnd()
    } catch {
      throw RequestError(message: "Invalid JSON at byte \(error.offset): \(error.reason)", field: nil)
    }
    if let defect { throw defect }
    if restart { self = ControlState() }
    for change in changes { change(&self) }
    return restart
  }
}
