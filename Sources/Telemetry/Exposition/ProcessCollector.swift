import Glibc

/// The `process_*` families that Prometheus clients expose: processor time, memory, file descriptors, start time. Read
/// from `/proc` for each scrape; what can't be read is left out.
public struct ProcessCollector: MetricsCollector {
  /// Reads the running process.
  public init() {}

  /// Writes the families.
  public func collect(into writer: inout MetricsWriter) {
    let status = ProcessStatus.current()
    func gauge(_ name: String, _ help: String, _ value: Double?) {
      guard let value else { return }
      writer.family(name, kind: .gauge, help: help)
      writer.sample(value)
    }
    if let seconds = status.cpuSeconds {
      let help = "Total user and system CPU time spent in seconds."
      writer.family("process_cpu_seconds_total", kind: .counter, help: help)
      writer.sample(seconds)
    }
    gauge("process_max_fds", "Maximum number of open file descriptors.", status.maximumDescriptors)
    gauge("process_open_fds", "Number of open file descriptors.", status.openDescriptors)
    gauge("process_resident_memory_bytes", "Resident memory size in bytes.", status.residentBytes)
    gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", status.startTime)
    gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", status.virtualBytes)
  }
}

/// What this process has used.
public struct ProcessUsage: Sendable, Hashable {
  /// Seconds of processor time.
  public let cpuSeconds: Double
  /// Bytes in memory.
  public let residentBytes: Double
  /// Seconds since the process began.
  public let uptimeSeconds: Double

  /// What it has used until now; nil where `/proc` cannot be read.
  public static func current() -> ProcessUsage? {
    let status = ProcessStatus.current()
    guard let cpu = status.cpuSeconds, let resident = status.residentBytes, let start = status.startTime else {
      return nil
    }
    return ProcessUsage(
      cpuSeconds: cpu, residentBytes: resident, uptimeSeconds: max(0, Double(LogTimestamp.now()) * 1e-6 - start))
  }
}

/// What the kernel tells of this process.
struct ProcessStatus {
  var cpuSeconds: Double?
  var residentBytes: Double?
  var virtualBytes: Double?
  var startTime: Double?
  var openDescriptors: Double?
  var maximumDescriptors: Double?

  static func current() -> ProcessStatus {
    var status = ProcessStatus()
    let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    if let fields = statFields() {
      // Numbered as in proc(5), less the three fields up to the state.
      if let user = fields.number(11), let system = fields.number(12) { status.cpuSeconds = (user + system) / ticks }
      if let start = fields.number(19), let boot = bootTime() { status.startTime = boot + start / ticks }
      status.virtualBytes = fields.number(20)
      status.residentBytes = fields.number(21).map { $0 * Double(sysconf(Int32(_SC_PAGESIZE))) }
    }
    status.openDescriptors = openDescriptorCount()
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      status.maximumDescriptors = Double(limit.rlim_cur)
    }
    return status
  }

  /// The fields of `/proc/self/stat` after the program's name, which may hold spaces and parentheses itself.
  private static func statFields() -> [Substring]? {
    guard let text = contents(of: "/proc/self/stat"), let end = text.lastIndex(of: ")") else { return nil }
    return text[text.index(after: end)...].split(whereSeparator: \.isWhitespace)
  }

  private static func bootTime() -> Double? {
    guard let text = contents(of: "/proc/stat") else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix("btime ") }
    return line?.split(separator: " ").last.flatMap { Double($0) }
  }

  private static func openDescriptorCount() -> Double? {
    guard let directory = opendir("/proc/self/fd") else { return nil }
    defer { closedir(directory) }
    var count = 0.0
    while readdir(directory) != nil { count += 1 }
    // Less ".", ".." and the descriptor this very count opened.
    return max(0, count - 3)
  }

  private static func contents(of path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16_384)
    while bytes.count < 1 << 20 {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension [Substring] {
  fileprivate func number(_ index: Int) -> Double? {
    indices.contains(index) ? Double(self[index]) : nil
  }
}
