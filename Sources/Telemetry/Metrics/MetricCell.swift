import Synchronization

/// The words of one series: `shards` copies, a fixed distance apart.
@usableFromInline
struct CellWords: @unchecked Sendable {
  /// The first word of the first shard. Points into a ``MetricStorage`` chunk, which is never freed.
  @usableFromInline let base: UnsafeMutableRawPointer

  init(base: UnsafeMutableRawPointer) {
    self.base = base
  }

  /// A word as an atomic. Chunks start out as zero bytes, which are a valid atomic 0.
  @inlinable
  func word(_ index: Int, byteOffset: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    (base + byteOffset + index * 8).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  /// Adds to an integer word.
  @inlinable
  func add(_ amount: UInt64, toWord index: Int, on shard: MetricsShard) {
    let word = word(index, byteOffset: shard.byteOffset)
    if shard.isShared {
      word.pointee.wrappingAdd(amount, ordering: .relaxed)
    } else {
      word.pointee.store(word.pointee.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }
  }

  /// Adds to a word that holds a floating point number.
  @inlinable
  func add(_ amount: Double, toWord index: Int, on shard: MetricsShard) {
    let word = word(index, byteOffset: shard.byteOffset)
    var old = word.pointee.load(ordering: .relaxed)
    if !shard.isShared {
      word.pointee.store((Double(bitPattern: old) + amount).bitPattern, ordering: .relaxed)
      return
    }
    while true {
      let new = (Double(bitPattern: old) + amount).bitPattern
      let (exchanged, original) = word.pointee.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
      if exchanged { return }
      old = original
    }
  }

  /// The sum of an integer word over all shards.
  func integerSum(word index: Int, shards: Int) -> UInt64 {
    var sum: UInt64 = 0
    for shard in 0..<shards {
      sum &+= word(index, byteOffset: shard * MetricStorage.stride).pointee.load(ordering: .relaxed)
    }
    return sum
  }

  /// The sum of a floating point word over all shards.
  func doubleSum(word index: Int, shards: Int) -> Double {
    var sum = 0.0
    for shard in 0..<shards {
      let bits = word(index, byteOffset: shard * MetricStorage.stride).pointee.load(ordering: .relaxed)
      sum += Double(bitPattern: bits)
    }
    return sum
  }
}

/// A counter of one label combination. A few bytes; to be kept by whoever records into it.
public struct CounterCell: Sendable {
  @usableFromInline let words: CellWords

  /// Adds `amount`.
  @inlinable
  public func add(_ amount: UInt64 = 1, on shard: MetricsShard) {
    words.add(amount, toWord: 0, on: shard)
  }
}

/// A gauge of one label combination. Its value is the sum of what the shards contribute.
public struct GaugeCell: Sendable {
  @usableFromInline let words: CellWords

  /// Adds `amount` to this shard's contribution.
  @inlinable
  public func add(_ amount: Double = 1, on shard: MetricsShard) {
    words.add(amount, toWord: 0, on: shard)
  }

  /// Takes `amount` from this shard's contribution. Adding on one shard and taking away on another is fine.
  @inlinable
  public func subtract(_ amount: Double = 1, on shard: MetricsShard) {
    words.add(-amount, toWord: 0, on: shard)
  }

  /// Replaces this shard's contribution. A gauge that is set is to be set on one shard only, always the same.
  @inlinable
  public func set(_ value: Double, on shard: MetricsShard) {
    words.word(0, byteOffset: shard.byteOffset).pointee.store(value.bitPattern, ordering: .relaxed)
  }
}

/// A histogram of one label combination.
public struct HistogramCell: @unchecked Sendable {
  /// One word for each bucket, the last of them for values above every bound, then the sum.
  @usableFromInline let words: CellWords
  /// The upper bounds, inclusive and ascending; owned by the family, which is never freed.
  @usableFromInline let bounds: UnsafePointer<Double>
  @usableFromInline let boundCount: Int

  init(words: CellWords, bounds: UnsafePointer<Double>, boundCount: Int) {
    self.words = words
    self.bounds = bounds
    self.boundCount = boundCount
  }

  /// Counts a value; NaN is ignored.
  /// - Parameter times: how often, for values that stand for others which were not measured.
  @inlinable
  public func observe(_ value: Double, times: UInt64 = 1, on shard: MetricsShard) {
    if value.isNaN { return }
    var low = 0
    var high = boundCount
    while low < high {
      let middle = (low + high) >> 1
      if bounds[middle] < value { low = middle + 1 } else { high = middle }
    }
    words.add(times, toWord: low, on: shard)
    words.add(value * Double(times), toWord: boundCount + 1, on: shard)
  }
}
