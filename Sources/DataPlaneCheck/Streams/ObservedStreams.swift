/// What a running picker has seen of the streams of its proxies: how many came with which body modes.
///
/// Feeds the same kind of findings as a check of the proxy's configuration, from what arrives instead.
public struct ObservedStreams: Sendable, Hashable {
  /// The body modes of one stream.
  public struct Modes: Sendable, Hashable {
    /// How the request body is sent.
    public var request: ProcessingModes.Body
    /// How the response body is sent.
    public var response: ProcessingModes.Body

    /// A pair of modes.
    public init(request: ProcessingModes.Body, response: ProcessingModes.Body) {
      self.request = request
      self.response = response
    }
  }

  /// Streams by their modes.
  public var counts: [Modes: Int]
  /// Streams that did not say.
  public var undeclared: Int
  /// Streams that are open.
  public var open: Int
  /// What is known of the picker itself.
  public var picker: PickerSettings

  /// A record of streams.
  public init(
    counts: [Modes: Int] = [:], undeclared: Int = 0, open: Int = 0, picker: PickerSettings = PickerSettings()
  ) {
    self.counts = counts
    self.undeclared = undeclared
    self.open = open
    self.picker = picker
  }
}
