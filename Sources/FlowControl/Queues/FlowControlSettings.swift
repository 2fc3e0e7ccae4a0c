/// The limits and policies of flow control (flow control, defaults).
public struct FlowControlSettings: Sendable {
  /// What holds for the requests of one priority.
  public struct Band: Sendable {
    /// Most bytes of request bodies that wait.
    public var maxBytes: Int
    /// Most requests that wait.
    public var maxRequests: Int
    /// Chooses the flow to serve next.
    public var fairness: any FairnessPolicy
    /// Orders the requests of a flow.
    public var ordering: any OrderingPolicy

    /// Creates the settings of a band.
    public init(
      maxBytes: Int = 1_000_000_000, maxRequests: Int = 5_000, fairness: any FairnessPolicy,
      ordering: any OrderingPolicy
    ) {
      self.maxBytes = maxBytes
      self.maxRequests = maxRequests
      self.fairness = fairness
      self.ordering = ordering
    }
  }

  /// Most bytes of request bodies that wait in all bands.
  public var maxBytes = Int.max
  /// Most requests that wait in all bands.
  public var maxRequests = Int.max
  /// How long requests may wait, in seconds; 0 for as long as their clients do.
  public var timeToLive = 60.0
  /// How long requests may wait while the pool has no endpoint, in seconds; 0 for as long as their clients do.
  public var timeToLiveWithoutEndpoints = 60.0
  /// Priorities with settings of their own.
  public var bands: [Int: Band] = [:]
  /// For priorities of 0 and above without settings of their own.
  public var defaultBand: Band
  /// For negative priorities without settings of their own.
  public var defaultNegativeBand: Band
  /// Sets how much of the pool each priority may use.
  public var usageLimit: any UsageLimitPolicy

  /// Settings that are the same for all priorities.
  public init(defaultBand: Band, usageLimit: any UsageLimitPolicy) {
    self.defaultBand = defaultBand
    self.defaultNegativeBand = defaultBand
    self.usageLimit = usageLimit
  }

  /// Whether any order depends on what endpoints have cached of prompts.
  public var readsUncachedTokens: Bool {
    ([defaultBand, defaultNegativeBand] + bands.values).contains { $0.ordering.readsUncachedTokens }
  }

  func band(_ priority: Int) -> Band { bands[priority] ?? (priority < 0 ? defaultNegativeBand : defaultBand) }
}
