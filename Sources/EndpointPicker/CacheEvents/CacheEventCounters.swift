import KVCacheEvents
import Synchronization

/// What was heard of caches, for metrics. Written by one event loop, read by any thread.
package final class CacheEventCounters: Sendable {
  /// What servers tell.
  package enum Event: String, CaseIterable {
    case stored
    case removed
    case cleared
    /// Blocks of layers that do not keep whole prefixes.
    case partial
    /// Nothing is known of its tag.
    case unknown

    init(_ event: CacheEvent) {
      self =
        switch event {
        case .stored: .stored
        case .removed: .removed
        case .storedPartially: .partial
        case .cleared: .cleared
        }
    }
  }

  /// What goes wrong.
  package enum Problem: String, CaseIterable {
    /// A message that cannot be read.
    case message
    /// A message about an endpoint that the pool does not have.
    case endpoint
    /// Messages were lost.
    case gap
    /// A server's numbers began anew.
    case restart
    /// Lost messages that could not be had again.
    case replay
    /// A connection ended, or could not be made.
    case connection
    /// Blocks whose predecessor is not known.
    case orphan
    /// Blocks of a size that does not go with the configured one.
    case blockSize = "block_size"
    /// Blocks beyond the capacity of the index.
    case capacity
  }

  private let events = Mutex<[Event: Int]>([:])
  private let problems = Mutex<[Problem: Int]>([:])
  private let replays = Atomic<Int>(0)
  private let messages = Atomic<Int>(0)
  private let publishers = Atomic<Int>(0)
  private let blocks = Atomic<Int>(0)

  /// Nothing has been heard.
  package init() {}

  func countReplay() { replays.add(1, ordering: .relaxed) }

  func countMessage() { messages.add(1, ordering: .relaxed) }

  func count(_ batch: CacheEventBatch) {
    events.withLock { events in
      for event in batch.events { events[Event(event), default: 0] += 1 }
      if batch.unknownEvents > 0 { events[.unknown, default: 0] += batch.unknownEvents }
    }
  }

  func count(_ problem: Problem) { problems.withLock { $0[problem, default: 0] += 1 } }

  /// Takes what the index could not apply, and what it holds.
  func take(_ refusals: PreciseIndex.Refusals, blocks: Int) {
    problems.withLock { problems in
      problems[.orphan] = refusals.orphans
      problems[.blockSize] = refusals.sizes
      problems[.capacity] = refusals.overflow
    }
    self.blocks.store(blocks, ordering: .relaxed)
  }

  func changePublishers(by difference: Int) { publishers.add(difference, ordering: .relaxed) }

  /// What has been counted so far.
  package struct Reading {
    package let messages: Int
    /// Times that lost messages were had again.
    package let replays: Int
    package let events: [Event: Int]
    package let problems: [Problem: Int]
    /// Publishers that have introduced themselves.
    package let publishers: Int
    /// Blocks of all servers in the index.
    package let blocks: Int
  }

  package var reading: Reading {
    Reading(
      messages: messages.load(ordering: .relaxed), replays: replays.load(ordering: .relaxed),
      events: events.withLock { $0 }, problems: problems.withLock { $0 },
      publishers: publishers.load(ordering: .relaxed), blocks: blocks.load(ordering: .relaxed))
  }
}
