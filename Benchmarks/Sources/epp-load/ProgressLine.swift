import Foundation
import LoadGeneration

/// Tells on standard error how a run goes: a line that is written over on a terminal, a line every ten seconds elsewhere.
struct ProgressLine {
  private let progress: LoadProgress
  private let isQuiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1

  init(_ progress: LoadProgress, isQuiet: Bool) {
    self.progress = progress
    self.isQuiet = isQuiet
  }

  func update(seconds: Double) {
    guard !isQuiet, isTerminal || Int(seconds) % 10 == 0 else { return }
    let text = "\(Int(seconds)) s: \(progress.summary)"
    write(isTerminal ? "\r\u{1B}[K\(text)" : "\(text)\n")
  }

  func end() {
    if !isQuiet, isTerminal { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
