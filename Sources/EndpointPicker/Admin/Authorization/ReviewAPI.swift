/// The part of a Kubernetes API server that authorization needs: reviews, which are posted and come back answered.
public protocol ReviewAPI: Sendable {
  /// Posts an object to `path`, such as `/apis/authentication.k8s.io/v1/tokenreviews`, and returns the JSON of the object
  /// that the server made of it.
  /// - Throws: when the server cannot be reached or does not answer with success.
  func create(path: String, json: [UInt8]) async throws -> [UInt8]
}
