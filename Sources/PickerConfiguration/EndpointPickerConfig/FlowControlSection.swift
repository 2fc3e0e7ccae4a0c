/// `flowControl`: the queues in front of the scheduler. `nil` fields take the flow controller's own defaults, which
/// differ between the two families.
public struct FlowControlSection: Sendable, Hashable {
  /// The limits and policies of the requests of one priority.
  public struct PriorityBand: Sendable, Hashable {
    /// Higher is served first; ignored in templates.
    public var priority: Int
    /// Bytes of request bodies that may wait.
    public var maxBytes: Quantity?
    /// Requests that may wait.
    public var maxRequests: Quantity?
    /// The plugin that chooses the flow to serve next.
    public var fairnessPolicy: PluginReference?
    /// The plugin that orders the requests of a flow.
    public var orderingPolicy: PluginReference?
    /// Where the band stands.
    public var location: SourceLocation
  }

  /// Bytes of request bodies that may wait in all bands; `nil` or 0 for no limit.
  public var maxBytes: Quantity?
  /// Requests that may wait in all bands; `nil` or 0 for no limit.
  public var maxRequests: Quantity?
  /// How long a request may wait; 0 for as long as the client does.
  public var defaultRequestTTL: GoDuration?
  /// How long a request may wait while the pool has no endpoint.
  public var noEndpointRequestTTL: GoDuration?
  /// Template for bands of priorities that ``priorityBands`` doesn't name.
  public var defaultPriorityBand: PriorityBand?
  /// The same for priorities below zero.
  public var defaultNegativePriorityBand: PriorityBand?
  /// In document order; no priority occurs twice.
  public var priorityBands: [PriorityBand]
  /// The plugin that sets how much of the pool each priority may use.
  public var usageLimitPolicy: PluginReference?
  /// What tells whether the pool is saturated; honoured even when flow control is off.
  public var saturationDetector: PluginReference?
  /// Whether requests in flight may be revoked in favour of more important ones.
  public var enableEviction: Bool
  /// Where the section stands.
  public var location: SourceLocation
}

extension FlowControlSection {
  /// A section in which nothing is written.
  package init(location: SourceLocation) {
    self.init(
      maxBytes: nil, maxRequests: nil, defaultRequestTTL: nil, noEndpointRequestTTL: nil, defaultPriorityBand: nil,
      defaultNegativePriorityBand: nil, priorityBands: [], usageLimitPolicy: nil, saturationDetector: nil,
      enableEviction: false, location: location)
  }
}

extension FlowControlSection.PriorityBand {
  /// A template in which nothing is written.
  package init(location: SourceLocation) {
    self.init(
      priority: 0, maxBytes: nil, maxRequests: nil, fairnessPolicy: nil, orderingPolicy: nil, location: location)
  }
}
