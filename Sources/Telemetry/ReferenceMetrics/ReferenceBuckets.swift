/// The bucket sets of the reference EPP's histograms. Dashboards select by these bounds, so they are kept to the digit.
public enum ReferenceBuckets {
  /// Seconds from request to last byte of the answer.
  public static let requestLatency: [Double] = [
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60, 120, 180, 240,
    300, 360, 480, 600, 900, 1200, 1800, 2700, 3600,
  ]
  /// Seconds to the first token: ``requestLatency`` up to two minutes.
  public static let timeToFirstToken: [Double] = requestLatency.filter { $0 <= 120 }
  /// Seconds for each output token.
  public static let tokenLatency: [Double] = [
    0.0005, 0.00205, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.125, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 3,
    4.5, 6, 12, 18, 24, 30, 36, 48, 60, 90, 120, 180, 270, 360,
  ]
  /// Seconds for each token of a stream: ``tokenLatency`` up to one second, then two.
  public static let streamingTokenLatency: [Double] = tokenLatency.filter { $0 <= 1 } + [2]
  /// Seconds between two tokens of a stream.
  public static let interTokenLatency: [Double] = [
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2,
  ]
  /// Seconds that a latency prediction takes.
  public static let predictionLatency: [Double] = [
    0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5,
  ]
  /// Seconds that scheduling, a plugin or a dispatch cycle takes.
  public static let schedulingLatency: [Double] = [
    0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1,
  ]
  /// Bytes of request bodies: powers of two from 64 bytes to 1 GiB.
  public static let requestBytes: [Double] = (6...30).map { Double(1 << $0) }
  /// Bytes of response bodies. 32,778 is the reference's number.
  public static let responseBytes: [Double] = [
    1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32778, 65536,
  ]
  /// Tokens of a prompt, and those of them found in a cache.
  public static let inputTokens: [Double] = responseBytes + [131072, 262144, 524288, 1_048_576]
  /// Tokens of an answer.
  public static let outputTokens: [Double] = [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192]
  /// Seconds of a request divided by its output tokens.
  public static let normalizedTokenLatency: [Double] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
  ]
  /// Seconds that a request waits in a queue.
  public static let queueLatency: [Double] = [
    0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
  ]
  /// Seconds from request headers to the answer to them.
  public static let requestProcessingLatency: [Double] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.015, 0.025, 0.04, 0.06, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]
  /// Seconds spent on a message of the response.
  public static let responseProcessingLatency: [Double] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
  ]
  /// Shares of a prompt that the prefix index knows: tenths from 0 to 1.
  public static let hitRatio: [Double] = (0...10).map { Double($0) / 10 }
  /// Bytes of a prompt that the prefix index knows.
  public static let hitBytes: [Double] = [
    0, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536,
  ]
}
