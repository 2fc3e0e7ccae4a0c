import Scheduling

extension TestPool {
  /// Stores predictions of the default producer in the running cycle. A time to first token that is NaN is none.
  func predict(
    ttft: [Double], ttftHeadroom: [Double] = [], tpotHeadroom: [Double] = [], meets: [Double] = [],
    dispatched: [Double] = [], _ space: AttributeSpace
  ) {
    let latency = LatencyAttributes(space)
    func store(_ attribute: AttributeID, _ values: [Double]) {
      _ = cycle.makeAttribute(attribute).update(fromContentsOf: values)
    }
    store(latency.ttft, ttft)
    store(latency.ttftHeadroom, ttftHeadroom)
    store(latency.tpotHeadroom, tpotHeadroom)
    store(latency.meetsObjectives, meets)
    store(latency.dispatched, dispatched)
  }
}
