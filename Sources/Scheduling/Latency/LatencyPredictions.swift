import InferenceAPI

/// Reads what a prediction server says: `{"predictions": [{"ttft_ms": …, "tpot_ms": …}, …]}`.
final class LatencyPredictions {
  /// The latencies predicted for one endpoint, in milliseconds.
  struct Prediction: Equatable {
    let ttft: Double
    let tpot: Double
  }

  private static let maximumBytes = 16 << 20
  private let parser = JSONParser(maximumDocumentBytes: maximumBytes)

  /// The predictions, in the order of the question.
  /// - Returns: nil unless there are exactly `count`, all of them numbers.
  func read(_ body: [UInt8], count: Int) -> [Prediction]? {
    let padded = body + [UInt8](repeating: 0, count: JSONParser.padding)
    let predictions = padded.withUnsafeBytes { bytes -> [Prediction]? in
      guard let root = try? parser.parse(UnsafeRawBufferPointer(rebasing: bytes[..<body.count])),
        let elements = root.last("predictions")?.elements
      else { return nil }
      var predictions: [Prediction] = []
      predictions.reserveCapacity(count)
      for element in elements {
        guard predictions.count < count, let ttft = element.last("ttft_ms")?.double,
          let tpot = element.last("tpot_ms")?.double
        else { return nil }
        predictions.append(Prediction(ttft: ttft, tpot: tpot))
      }
      return predictions
    }
    return predictions?.count == count ? predictions : nil
  }
}
