/// Where one kind of model server keeps its numbers on its metrics page (Endpoint Picker model server protocol). A nil
/// spec means that the engine doesn't tell.
package struct EngineMetrics: Hashable, Sendable {
  /// Name of the engine, the value of the endpoint's engine label.
  package var name: String
  /// Requests waiting in the queue.
  package var waiting: MetricSpec?
  /// Requests in the running batch.
  package var running: MetricSpec?
  /// Used part of the KV cache, 0…1.
  package var kvUsage: MetricSpec?
  /// The family whose labels tell the LoRA adapters.
  package var lora: MetricSpec?
  /// The family whose labels tell the geometry of the KV cache.
  package var cacheInfo: MetricSpec?
  /// Label of ``cacheInfo`` with the tokens of a block.
  package var cacheBlockSizeLabel: String
  /// Label of ``cacheInfo`` with the number of blocks.
  package var cacheBlockCountLabel: String
  /// Tokens of a block as a value; goes before the label.
  package var cacheBlockSize: MetricSpec?
  /// Number of blocks as a value; goes before the label.
  package var cacheBlockCount: MetricSpec?

  /// When the process began, in seconds since 1970; tells whether it is still the same.
  package var startTime: MetricSpec?
  /// A counter of work done; falls only when the process began anew.
  package var work: MetricSpec?

  package init(
    name: String, waiting: MetricSpec? = nil, running: MetricSpec? = nil, kvUsage: MetricSpec? = nil,
    lora: MetricSpec? = nil, cacheInfo: MetricSpec? = nil, cacheBlockSizeLabel: String = "block_size",
    cacheBlockCountLabel: String = "num_gpu_blocks", cacheBlockSize: MetricSpec? = nil,
    cacheBlockCount: MetricSpec? = nil, startTime: MetricSpec? = EngineMetrics.processStartTime,
    work: MetricSpec? = nil
  ) {
    self.name = name
    self.waiting = waiting
    self.running = running
    self.kvUsage = kvUsage
    self.lora = lora
    self.cacheInfo = cacheInfo
    self.cacheBlockSizeLabel = cacheBlockSizeLabel
    self.cacheBlockCountLabel = cacheBlockCountLabel
    self.cacheBlockSize = cacheBlockSize
    self.cacheBlockCount = cacheBlockCount
    self.startTime = startTime
    self.work = work
  }
}
