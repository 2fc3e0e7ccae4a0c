import Foundation

/// Draws a report as SVG: the times by percentile, and the rate over the run.
package struct LoadPlot {
  private let report: LoadReport
  private static let width = 760.0
  private static let left = 70.0
  private static let right = 20.0
  private static let top = 56.0
  private static let height = 260.0
  private static let rateTop = 380.0
  private static let rateHeight = 90.0

  package init(_ report: LoadReport) {
    self.report = report
  }

  /// The drawing.
  package var svg: String {
    let curves = [curve(\.decision, "#0b6e99"), curve(\.stream, "#c2571a")]
    let body = [title, timeAxis, percentileAxis] + curves + [legend, rates]
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) 510" font-family="sans-serif" \
      font-size="12">
      <rect width="100%" height="100%" fill="white"/>
      \(body.joined(separator: "\n"))
      </svg>

      """
  }

  private var title: String {
    text(Self.left, 20, Self.escaped(report.kind), size: 12) + "\n"
      + text(Self.left, 40, "\(Quantity.text(report.rate.value)) streams/s, wrong \(report.wrong)", size: 12)
  }

  // MARK: Scales

  /// Powers of ten around all times.
  private var decades: ClosedRange<Int> {
    let times = report.distribution.flatMap { [$0.decision, $0.stream] }.filter { $0 > 0 }
    let low = Int(log10(times.min() ?? 1).rounded(.down))
    return low...max(low + 1, Int(log10(times.max() ?? 10).rounded(.up)))
  }

  private func y(_ time: Double) -> Double {
    let position = (log10(max(time, 1e-3)) - Double(decades.lowerBound)) / Double(decades.count - 1)
    return Self.top + Self.height * (1 - min(max(position, 0), 1))
  }

  /// Each step to the right divides what is left above a percentile by ten.
  private func x(_ percentile: Double) -> Double {
    let position = -log10(max(1 - percentile / 100, 1e-4)) / 4
    return Self.left + (Self.width - Self.left - Self.right) * position
  }

  private var timeAxis: String {
    decades.map { decade in
      let height = y(pow(10, Double(decade)))
      return line(Self.left, height, Self.width - Self.right, height)
        + text(Self.left - 8, height + 4, Quantity.time(pow(10, Double(decade))), anchor: "end")
    }.joined(separator: "\n")
  }

  private var percentileAxis: String {
    [0, 50, 90, 99, 99.9, 99.99].map { percentile in
      line(x(percentile), Self.top, x(percentile), Self.top + Self.height)
        + text(x(percentile), Self.top + Self.height + 18, "p\(Quantity.text(percentile))", anchor: "middle")
    }.joined(separator: "\n")
  }

  // MARK: Content

  private func curve(_ value: KeyPath<LoadReport.Point, Double>, _ color: String) -> String {
    let points = report.distribution.filter { $0.percentile <= 99.99 }
      .map { "\(number(x($0.percentile))),\(number(y($0[keyPath: value])))" }
    let line = points.joined(separator: " ")
    return "<polyline fill=\"none\" stroke=\"\(color)\" stroke-width=\"2\" points=\"\(line)\"/>"
  }

  private var legend: String {
    text(Self.left + 10, Self.top + 16, "decision", color: "#0b6e99")
      + text(Self.left + 80, Self.top + 16, "stream", color: "#c2571a")
  }

  private var rates: String {
    let most = max(report.rates.max() ?? 1, 1)
    let step = (Self.width - Self.left - Self.right) / Double(max(report.rates.count, 1))
    let bars = report.rates.enumerated().map { index, rate in
      let height = Self.rateHeight * rate / most
      return "<rect x=\"\(number(Self.left + step * Double(index) + 1))\" "
        + "y=\"\(number(Self.rateTop + Self.rateHeight - height))\" width=\"\(number(step - 2))\" "
        + "height=\"\(number(height))\" fill=\"#9fb8c4\"/>"
    }
    return bars.joined(separator: "\n")
      + text(Self.left, Self.rateTop - 8, "streams a second over \(Quantity.text(report.seconds)) s")
      + text(Self.left - 8, Self.rateTop + 8, Quantity.text(most), anchor: "end")
  }

  // MARK: Elements

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" stroke=\"#ddd\"/>"
  }

  private func text(
    _ x: Double, _ y: Double, _ content: String, size: Int = 11, anchor: String = "start", color: String = "#333"
  ) -> String {
    "<text x=\"\(number(x))\" y=\"\(number(y))\" font-size=\"\(size)\" text-anchor=\"\(anchor)\" "
      + "fill=\"\(color)\">\(content)</text>"
  }

  private func number(_ value: Double) -> String { String(format: "%.1f", value) }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
  }
}
