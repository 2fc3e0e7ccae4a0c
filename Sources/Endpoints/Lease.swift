/// The right to count one request as in flight on an endpoint.
///
/// A lease cannot be copied and its end of life is its release, so every request is counted exactly once and
/// un-counted exactly once, whichever way its stream ends. Leases keep the endpoint's slot from being given to another
/// endpoint. May be released on any thread.
public struct Lease: ~Copyable, Sendable {
  private let table: EndpointTable
  /// Slot of the endpoint that carries the request.
  public private(set) var slot: Int
  private var tag: UInt16
  /// Prompt tokens charged to the endpoint until the first token arrives.
  public private(set) var promptTokens: Int

  init(table: EndpointTable, slot: Int, tag: UInt16, promptTokens: Int) {
    self.table = table
    self.slot = slot
    self.tag = tag
    self.promptTokens = promptTokens
  }

  deinit {
    table.release(slot: slot, tag: tag, promptTokens: promptTokens)
  }

  /// Ends the lease now; the same as letting go of it.
  public consuming func release() {}

  /// Moves the count to another endpoint, because the proxy reported that it served the request.
  public mutating func move(to slot: Int) {
    guard slot != self.slot else { return }
    table.release(slot: self.slot, tag: tag, promptTokens: promptTokens)
    tag = table.acquire(slot: slot, promptTokens: promptTokens)
    self.slot = slot
  }

  /// The prompt has been processed (first token seen): its tokens no longer load the endpoint.
  public mutating func promptProcessed() {
    table.releaseTokens(slot: slot, promptTokens)
    promptTokens = 0
  }
}
