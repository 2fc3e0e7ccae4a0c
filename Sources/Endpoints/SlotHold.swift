/// Keeps a slot of an ``EndpointTable`` from being given to another endpoint.
///
/// A scraper holds the slot it writes to, so that a page that arrives after its endpoint was removed cannot become the
/// values of the endpoint that follows in the slot. Ends with its life; any thread.
package struct SlotHold: ~Copyable, Sendable {
  private let table: EndpointTable
  /// The slot held.
  package let slot: Int

  init(table: EndpointTable, slot: Int) {
    self.table = table
    self.slot = slot
  }

  deinit {
    table.endHold(slot: slot)
  }
}
