import Foundation

/// What was built. Images say so in their environment, because a build from a source archive cannot know.
struct BuildInformation: Sendable, Hashable {
  /// The commit, from `EPP_BUILD_COMMIT`.
  let commit: String
  /// Branch, tag or version, from `EPP_BUILD_REF`.
  let reference: String

  /// What the environment of this process says.
  static let current = BuildInformation(environment: ProcessInfo.processInfo.environment)

  init(environment: [String: String]) {
    commit = environment["EPP_BUILD_COMMIT"].flatMap { $0.isEmpty ? nil : $0 } ?? "unknown"
    reference = environment["EPP_BUILD_REF"].flatMap { $0.isEmpty ? nil : $0 } ?? "unknown"
  }
}
