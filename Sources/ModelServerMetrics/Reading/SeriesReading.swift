/// How several series that match one spec become one number.
package enum SeriesReading: Sendable {
  /// Series are parts of one server, such as the `engine="N"` series of a vLLM with data parallel engines: queue,
  /// running requests and cache blocks are added up, KV cache usage is the mean, the block size is the first.
  case combined
  /// The reading of the reference endpoint picker: the series with the greatest timestamp, of equals the first.
  /// Under-reads servers with several engines.
  case firstSeries
}
