import FoundationEssentials

/// Files that belong together and may be replaced at any time.
struct FollowedFiles: Sendable {
  let paths: [String]

  /// Looks at the files every second and calls `use` after each change, again and again until it says that it could use
  /// them: certificate and key are not always replaced in one step, and a pair that does not fit is none. Returns when
  /// cancelled.
  func follow(_ use: () -> Bool) async throws {
    var known = contents()
    while true {
      try await Task.sleep(for: .seconds(1))
      let contents = contents()
      if contents != known, use() { known = contents }
    }
  }

  private func contents() -> [Data?] { paths.map { try? Data(contentsOf: URL(filePath: $0)) } }
}
