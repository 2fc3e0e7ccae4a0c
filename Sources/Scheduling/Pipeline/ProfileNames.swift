/// The names of a scheduler's profiles: an object, so that a cycle can take them over without copying.
final class ProfileNames: Sendable {
  let names: [String]

  init(_ names: [String]) {
    self.names = names
  }
}
