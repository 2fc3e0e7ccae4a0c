import FoundationEssentials

/// `tls.crt` and `tls.key` in a directory, and the certificates that clients must have, which may be replaced at any
/// time.
struct CertificateFiles: Sendable {
  /// Empty for none.
  let directory: String
  /// The clients' file; empty for none.
  var clientCAFile = ""

  /// Whether there is nothing to read.
  var isEmpty: Bool { directory.isEmpty && clientCAFile.isEmpty }

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

  private func contents() -> [Data?] {
    let own = directory.isEmpty ? [] : ["\(directory)/tls.crt", "\(directory)/tls.key"]
    return (own + (clientCAFile.isEmpty ? [] : [clientCAFile])).map { try? Data(contentsOf: URL(filePath: $0)) }
  }
}
