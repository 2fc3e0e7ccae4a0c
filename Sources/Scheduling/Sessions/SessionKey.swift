/// Stands for a session id: two keyed hashes, so that ids of any length take the same room and clients cannot make two
/// ids collide.
struct SessionKey: Hashable, Sendable {
  let first: Int
  let second: Int

  init(_ id: UnsafeRawBufferPointer) {
    var hasher = Hasher()
    hasher.combine(bytes: id)
    first = hasher.finalize()
    hasher = Hasher()
    hasher.combine(first)
    hasher.combine(bytes: id)
    second = hasher.finalize()
  }
}
