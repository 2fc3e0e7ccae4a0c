import FoundationEssentials

/// What requests to the API server are signed with, besides a client certificate.
public enum Credentials: Sendable, Hashable {
  /// Nothing.
  case none
  /// A bearer token.
  case token(String)
  /// A file with a bearer token that others replace now and then.
  case tokenFile(path: String)
  /// A name and a password.
  case basic(user: String, password: String)

  /// Value of the `authorization` header; nil without credentials, or while the token file cannot be read.
  ///
  /// Token files are read at every call: requests are rare, and a token that was replaced must not be missed.
  package var authorization: String? {
    switch self {
    case .none: nil
    case .token(let token): "Bearer \(token)"
    case .tokenFile(let path): SmallFile.read(path).map { "Bearer \(SmallFile.text($0))" }
    case .basic(let user, let password): "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"
    }
  }
}
