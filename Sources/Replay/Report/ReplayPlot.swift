#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Draws a report as an SVG image: how long requests wait for their first token, and how the servers share the load.
public struct ReplayPlot {
  private static let width = 960.0
  private static let height = 420.0
  /// Colours that people who see few colours tell apart (Okabe and Ito).
  private static let colors = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]

  private let report: ReplayReport

  /// A plot of a report.
  public init(_ report: ReplayReport) {
    self.report = report
  }

  /// The image.
  public var svg: String {
    var body = ""
    body += text(20, 26, "epp replay: \(report.source)", size: 15, weight: "bold")
    body += legend()
    body += waits(Panel(left: 70, top: 90, width: 480, height: 270))
    body += loads(Panel(left: 630, top: 90, width: 310, height: 270))
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(Self.width))" height="\(Int(Self.height))" \
      viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" font-family="sans-serif" role="img">
      <title>\(escaped("epp replay: \(report.source)"))</title>
      <rect width="100%" height="100%" fill="#ffffff"/>
      \(body)</svg>

      """
  }

  private struct Panel {
    let left: Double
    let top: Double
    let width: Double
    let height: Double

    var right: Double { left + width }
    var bottom: Double { top + height }

    func x(_ share: Double) -> Double { left + share * width }
    func y(_ share: Double) -> Double { bottom - share * height }
  }

  private func legend() -> String {
    var result = ""
    var x = 70.0
    for (index, run) in report.runs.enumerated() {
      result += "<rect x=\"\(number(x))\" y=\"44\" width=\"14\" height=\"14\" fill=\"\(color(index))\"/>\n"
      result += text(x + 20, 56, run.name)
      x += 40 + Double(run.name.count) * 7.5
    }
    return result
  }

  // MARK: Times to first token

  private func waits(_ panel: Panel) -> String {
    let values = report.runs.flatMap {
      [$0.summary.timeToFirstToken.sorted.first, $0.summary.timeToFirstToken.sorted.last]
    }
    .compactMap(\.self).filter { $0 > 0 }
    let low = log10(values.min() ?? 0.01).rounded(.down)
    let high = max(log10(values.max() ?? 1).rounded(.up), low + 1)
    func place(_ seconds: Double) -> Double { panel.x((log10(max(seconds, 1e-6)) - low) / (high - low)) }

    var result = frame(panel, title: "Share of requests by time to first token")
    for exponent in Int(low)...Int(high) {
      let seconds = pow(10, Double(exponent))
      let x = place(seconds)
      result += line(x, panel.top, x, panel.bottom, "#dddddd")
      let label = seconds < 1 ? "\(number(seconds * 1_000)) ms" : "\(number(seconds)) s"
      result += text(x, panel.bottom + 18, label, anchor: "middle")
    }
    for share in [0.25, 0.5, 0.75, 1.0] {
      result += line(panel.left, panel.y(share), panel.right, panel.y(share), "#eeeeee")
      result += text(panel.left - 8, panel.y(share) + 4, "\(Int(share * 100)) %", anchor: "end")
    }
    for (index, run) in report.runs.enumerated() {
      let sorted = run.summary.timeToFirstToken.sorted
      guard !sorted.isEmpty else { continue }
      let step = max(1, sorted.count / 400)
      var points = stride(from: 0, to: sorted.count, by: step).map { position in
        "\(number(place(sorted[position]))),\(number(panel.y(Double(position + 1) / Double(sorted.count))))"
      }
      points.append("\(number(place(sorted[sorted.count - 1]))),\(number(panel.y(1)))")
      result += "<polyline fill=\"none\" stroke=\"\(color(index))\" stroke-width=\"2\" "
      result += "points=\"\(points.joined(separator: " "))\"/>\n"
    }
    return result
  }

  // MARK: Load of the servers

  private func loads(_ panel: Panel) -> String {
    let highest = report.runs.flatMap(\.summary.meanInFlight).max() ?? 0
    let top = highest > 0 ? highest * 1.1 : 1
    let servers = report.runs.map(\.servers).max() ?? 1
    var result = frame(panel, title: "Requests in flight, by server")
    for share in [0.25, 0.5, 0.75, 1.0] {
      let y = panel.y(share)
      result += line(panel.left, y, panel.right, y, "#eeeeee")
      result += text(panel.left - 8, y + 4, ReplayReport.decimal(top * share, places: top < 10 ? 2 : 0), anchor: "end")
    }
    let slot = panel.width / Double(max(1, servers))
    let bar = slot * 0.8 / Double(max(1, report.runs.count))
    for (index, run) in report.runs.enumerated() {
      // Servers have no order of their own; from most to least loaded the shapes can be compared.
      for (server, value) in run.summary.meanInFlight.sorted(by: >).enumerated() {
        let x = panel.left + Double(server) * slot + slot * 0.1 + Double(index) * bar
        let y = panel.y(value / top)
        result += "<rect x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(bar))\" "
        result += "height=\"\(number(panel.bottom - y))\" fill=\"\(color(index))\"/>\n"
      }
    }
    return result
      + text(panel.left + panel.width / 2, panel.bottom + 18, "servers, most loaded first", anchor: "middle")
  }

  // MARK: Elements

  private func frame(_ panel: Panel, title: String) -> String {
    text(panel.left, panel.top - 10, title, weight: "bold")
      + line(panel.left, panel.bottom, panel.right, panel.bottom, "#333333")
      + line(panel.left, panel.top, panel.left, panel.bottom, "#333333")
  }

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ stroke: String) -> String {
    "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" stroke=\"\(stroke)\"/>\n"
  }

  private func text(
    _ x: Double, _ y: Double, _ content: String, size: Int = 12, anchor: String = "start", weight: String = "normal"
  ) -> String {
    "<text x=\"\(number(x))\" y=\"\(number(y))\" font-size=\"\(size)\" text-anchor=\"\(anchor)\" "
      + "font-weight=\"\(weight)\" fill=\"#222222\">\(escaped(content))</text>\n"
  }

  private func color(_ index: Int) -> String { Self.colors[index % Self.colors.count] }

  private func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
  }

  private func number(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
  }
}
