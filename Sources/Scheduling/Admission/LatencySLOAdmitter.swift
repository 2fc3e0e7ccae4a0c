import Endpoints
import PickerConfiguration

/// `latency-slo-admitter`: turns away requests of negative priority whose latency objectives no candidate is predicted
/// to meet, unless one is idle (plugin algorithms, admission).
///
/// A candidate without running requests, or with less than 2% of its KV cache in use, is idle. Requests without
/// objectives, and those nothing is predicted for, are admitted.
public struct LatencySLOAdmitter: Admitter {
  private static let idleKVCacheUsage = 0.02

  let latency: LatencyAttributes

  /// Creates an admitter that reads the predictions of a producer.
  public init(latency: LatencyAttributes) {
    self.latency = latency
  }

  /// Looks for a candidate that will do.
  public func denial(_ cycle: SchedulingCycle) -> String? {
    guard cycle.request.priority < 0 else { return nil }
    let objectives = LatencyObjectives(cycle.request)
    guard objectives.ttft > 0 || objectives.tpot > 0, latency.predictions(cycle) != nil,
      let meets = cycle.attribute(latency.meetsObjectives)
    else { return nil }
    let running = cycle.runningRequests
    let usage = cycle.values(.kvCacheUsage)
    for position in 0..<cycle.count {
      if meets[position] == 1 || running[position] == 0 || usage[position] < Self.idleKVCacheUsage { return nil }
    }
    return "no endpoint is predicted to meet the latency objectives of this sheddable request"
  }
}

extension PluginRegistration {
  static let latencySLOAdmitter = PluginRegistration(
    type: "latency-slo-admitter", requires: [.latencyPrediction]
  ) { context in
    LatencySLOAdmitter(latency: context.latencyAttributes())
  }
}
