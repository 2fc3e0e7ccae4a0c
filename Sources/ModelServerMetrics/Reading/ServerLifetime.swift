/// Tells from the pages of one endpoint whether the server behind it began anew, so that what it had cached is gone.
package struct ServerLifetime: Sendable {
  private var startTime: Double?
  private var work: Double?
  private var blockSize: Double?
  private var blockCount: Double?

  /// Nothing is known.
  package init() {}

  /// Takes note of a page.
  /// - Returns: true when the start time or the shape of the KV cache is another than before, or a counter fell. What a
  ///   page does not tell counts as unchanged.
  package mutating func note(_ reading: ModelServerReading) -> Bool {
    func differs(_ old: Double?, _ new: Double?) -> Bool {
      guard let old, let new else { return false }
      return old != new
    }
    var isNew =
      differs(startTime, reading.startTime) || differs(blockSize, reading.cacheBlockSize)
      || differs(blockCount, reading.cacheBlockCount)
    if let work, let now = reading.work, now < work { isNew = true }
    startTime = reading.startTime ?? startTime
    work = reading.work ?? work
    blockSize = reading.cacheBlockSize ?? blockSize
    blockCount = reading.cacheBlockCount ?? blockCount
    return isNew
  }
}
