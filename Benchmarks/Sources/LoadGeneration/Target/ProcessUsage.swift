import Foundation

/// What processes have used so far, by the kernel's count.
package struct ProcessUsage: Sendable {
  /// Processor time of all threads that exist, in nanoseconds.
  package var cpu: UInt64 = 0
  /// Resident memory, in bytes.
  package var memory = 0
  /// The most resident memory there was, in bytes.
  package var peakMemory = 0

  /// Reads the usage of processes.
  /// - Throws: when one of them cannot be read, for example because it has ended.
  package init(of processes: [Int]) throws {
    for process in processes {
      let folder = "/proc/\(process)"
      for thread in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/task") {
        // A thread may end between the listing and the reading.
        guard let text = try? String(contentsOfFile: "\(folder)/task/\(thread)/schedstat", encoding: .utf8) else {
          continue
        }
        cpu += text.split(separator: " ").first.flatMap { UInt64($0) } ?? 0
      }
      let status = try String(contentsOfFile: "\(folder)/status", encoding: .utf8)
      memory += Self.kilobytes("VmRSS:", status) << 10
      peakMemory += Self.kilobytes("VmHWM:", status) << 10
    }
  }

  private static func kilobytes(_ name: String, _ status: String) -> Int {
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return 0 }
    return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0
  }
}
