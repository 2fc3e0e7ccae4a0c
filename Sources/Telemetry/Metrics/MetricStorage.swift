import Glibc
import Synchronization

/// Memory for cells: chunks that hold a stretch for each shard, so that shards never share a cache line.
///
/// Chunks are never freed: cells are bare pointers, which keeps recording free of reference counting, and a process has
/// one registry that lives as long as it does. Memory that no shard has written to yet is not resident.
final class MetricStorage: Sendable {
  /// Bytes that a chunk holds for each shard.
  static let stride = 32_768
  /// The most words a cell may have.
  static let maximumWords = stride / 8

  private struct State {
    var chunk: UnsafeMutableRawPointer?
    var usedWords = MetricStorage.maximumWords
  }

  private let state = Mutex(State())
  private let shards: Int

  init(shards: Int) {
    self.shards = shards
  }

  /// The first shard's words of a new cell, all zero in every shard. `count` is at most ``maximumWords``.
  func allocate(words count: Int) -> UnsafeMutableRawPointer {
    let cell = state.withLock { state -> SendablePointer in
      if let chunk = state.chunk, state.usedWords + count <= Self.maximumWords {
        defer { state.usedWords += count }
        return SendablePointer(pointer: chunk + state.usedWords * 8)
      }
      let chunk = Self.zeroedChunk(bytes: shards * Self.stride)
      state.chunk = chunk
      state.usedWords = count
      return SendablePointer(pointer: chunk)
    }
    return cell.pointer
  }

  private static func zeroedChunk(bytes: Int) -> UnsafeMutableRawPointer {
    let lineSize = 64
    guard let memory = calloc(1, bytes + lineSize) else { fatalError("out of memory for metrics") }
    return memory.alignedUp(toMultipleOf: lineSize)
  }

  private struct SendablePointer: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
  }
}
