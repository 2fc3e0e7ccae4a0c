extension ReplayReport {
  /// The table for people, with a line break at its end.
  public var text: String {
    let titleWidth = rows.map(\.title.count).max() ?? 0
    let widths = runs.indices.map { column in
      ([runs[column].name] + rows.map { $0.values[column] }).map(\.count).max() ?? 0
    }
    func line(_ title: String, _ cells: [String]) -> String {
      let padded = zip(cells, widths).map { cell, width in String(repeating: " ", count: width - cell.count) + cell }
      let head = title + String(repeating: " ", count: titleWidth - title.count)
      return ([head] + padded).joined(separator: "  ") + "\n"
    }
    return line("", runs.map(\.name)) + rows.map { line($0.title, $0.values) }.joined()
  }
}
