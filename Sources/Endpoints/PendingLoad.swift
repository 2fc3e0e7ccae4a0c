/// Requests placed on one endpoint that its scraped values cannot show yet, packed in one word so that event loops and
/// the scraper change it by compare-and-swap.
///
/// Requests are tagged with the epoch in which they were placed. The start of a scrape opens a new epoch: what was
/// placed before may be in the page about to be read, what comes later cannot be. When that scrape succeeds, everything
/// placed before it began is forgotten here, because the scraped values count it from now on; nothing is counted twice
/// and nothing is left out.
///
/// Layout from the low bits: `current` (16), `previous` (16), `seen` (16), `epoch` (16). Counts saturate at 65,535.
struct PendingLoad: Equatable {
  /// Most epochs between the last successful scrape and now that tags are told apart over.
  static let maximumLag: UInt16 = 0x4000

  private(set) var word: UInt64

  init(word: UInt64 = 0) {
    self.word = word
  }

  private init(epoch: UInt16, seen: UInt16, previous: UInt16, current: UInt16) {
    word = UInt64(epoch) << 48 | UInt64(seen) << 32 | UInt64(previous) << 16 | UInt64(current)
  }

  /// Tag for requests placed now.
  var epoch: UInt16 { UInt16(truncatingIfNeeded: word >> 48) }
  /// Requests tagged with an epoch before this one are part of the scraped values.
  private var seen: UInt16 { UInt16(truncatingIfNeeded: word >> 32) }
  private var previous: UInt16 { UInt16(truncatingIfNeeded: word >> 16) }
  private var current: UInt16 { UInt16(truncatingIfNeeded: word) }

  /// Requests the scraped values do not show.
  var count: Int { Int(previous) + Int(current) }

  /// A request was placed.
  func reserving() -> PendingLoad {
    PendingLoad(
      epoch: epoch, seen: seen, previous: previous, current: current == .max ? .max : current + 1)
  }

  /// A request that was placed in `tag` ended or moved away.
  func releasing(tag: UInt16) -> PendingLoad {
    if tag == epoch {
      return PendingLoad(epoch: epoch, seen: seen, previous: previous, current: current == 0 ? 0 : current - 1)
    }
    // Wrapping distance: negative means the request was placed before the last successful scrape began.
    guard epoch &- seen >= Self.maximumLag || Int16(bitPattern: tag &- seen) >= 0 else { return self }
    return PendingLoad(epoch: epoch, seen: seen, previous: previous == 0 ? 0 : previous - 1, current: current)
  }

  /// A scrape is about to be sent.
  func startingScrape() -> PendingLoad {
    let (sum, overflow) = previous.addingReportingOverflow(current)
    let next = epoch &+ 1
    let seen = next &- seen > Self.maximumLag ? next &- Self.maximumLag : seen
    return PendingLoad(epoch: next, seen: seen, previous: overflow ? .max : sum, current: 0)
  }

  /// The scrape started last has been read and its values stored.
  func finishingScrape() -> PendingLoad {
    PendingLoad(epoch: epoch, seen: epoch, previous: 0, current: current)
  }

  /// The slot has a new endpoint: no request placed so far counts any more.
  func forgotten() -> PendingLoad {
    PendingLoad(epoch: epoch &+ 1, seen: epoch &+ 1, previous: 0, current: 0)
  }
}
