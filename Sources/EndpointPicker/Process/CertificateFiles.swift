/// `tls.crt` and `tls.key` in a directory, and the certificates that clients must have, which may be replaced at any
/// time.
struct CertificateFiles: Sendable {
  /// Empty for none.
  let directory: String
  /// The clients' file; empty for none.
  var clientCAFile = ""

  /// Whether there is nothing to read.
  var isEmpty: Bool { directory.isEmpty && clientCAFile.isEmpty }

  /// Calls `use` after each change, again and again until it says that it could use the files. Returns when cancelled.
  func follow(_ use: () -> Bool) async throws {
    let own = directory.isEmpty ? [] : ["\(directory)/tls.crt", "\(directory)/tls.key"]
    try await FollowedFiles(paths: own + (clientCAFile.isEmpty ? [] : [clientCAFile])).follow(use)
  }
}
