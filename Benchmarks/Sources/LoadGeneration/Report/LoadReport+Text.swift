extension LoadReport {
  /// The report as a table for a terminal.
  package var text: String {
    var rows: [[String]] = [["", "value", "noise"]]
    func add(_ name: String, _ figure: Figure, _ format: (Double) -> String) {
      rows.append([name, format(figure.value), "± " + format(figure.noise)])
    }
    add("streams", rate) { Quantity.text($0) + "/s" }
    for (name, latency) in [("decision", decision), ("stream", stream)] {
      add("\(name) p50", latency.p50, Quantity.time)
      add("\(name) p90", latency.p90, Quantity.time)
      add("\(name) p99", latency.p99, Quantity.time)
      add("\(name) p99.9", latency.p999, Quantity.time)
    }
    if let usage {
      add("CPU a stream", usage.perStream, Quantity.time)
      add("CPU", usage.cores) { Quantity.text($0) + " cores" }
      rows.append(["memory", Quantity.bytes(usage.memory), "peak " + Quantity.bytes(usage.peakMemory)])
    }
    rows.append(["completed", Quantity.text(Double(completed)), ""])
    rows.append(["endpoints", spread, ""])
    for (title, counts) in [("wrong", faults), ("failed", failures), ("rejected", rejections)] {
      rows.append([title, "\(counts.values.reduce(0, +))", ""])
      for (name, count) in counts.sorted(by: { $0.key < $1.key }) { rows.append(["  " + name, "\(count)", ""]) }
    }
    let first = rows.map { $0[0].count }.max() ?? 0
    let second = rows.map { $0[1].count }.max() ?? 0
    let lines = rows.map { row in
      let left = row[0] + String(repeating: " ", count: first - row[0].count)
      let middle = String(repeating: " ", count: second - row[1].count) + row[1]
      return row[2].isEmpty ? "\(left)  \(middle)" : "\(left)  \(middle)  \(row[2])"
    }
    return "\(kind), \(Quantity.text(seconds)) s\n\n" + lines.joined(separator: "\n") + "\n"
  }

  /// How evenly the endpoints were chosen.
  private var spread: String {
    let total = Double(endpoints.values.reduce(0, +))
    guard total > 0, let least = endpoints.values.min(), let most = endpoints.values.max() else { return "none" }
    func percent(_ count: Int) -> String { Quantity.text(100 * Double(count) / total) + " %" }
    return "\(endpoints.count), each \(percent(least)) to \(percent(most))"
  }
}
