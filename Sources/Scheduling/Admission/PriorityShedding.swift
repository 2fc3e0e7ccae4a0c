/// The rule by which requests are dropped while no flow control queues them.
public enum PriorityShedding {
  /// Whether a request is to be dropped: only those of negative priority are, and only when the pool is saturated.
  /// - Parameter saturation: of the request's candidates; asked for only when it matters.
  public static func sheds(priority: Int, saturation: @autoclosure () -> Double) -> Bool {
    priority < 0 && saturation() >= 1
  }
}
