/// Reads points in time as the Kubernetes API writes them (RFC 3339).
enum UniversalTime {
  /// Seconds since 1970 of `2025-01-31T12:00:00Z`, also with a fraction or an offset such as `+02:00`; nil for anything
  /// else.
  static func seconds(_ text: String) -> Double? {
    var rest = Array(text.utf8)[...]
    func number(_ digits: Int, _ range: ClosedRange<Int>) -> Int? {
      guard rest.count >= digits else { return nil }
      var value = 0
      for byte in rest.prefix(digits) {
        guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        value = value * 10 + Int(byte - UInt8(ascii: "0"))
      }
      rest = rest.dropFirst(digits)
      return range.contains(value) ? value : nil
    }
    func accept(_ characters: String) -> UInt8? {
      guard let first = rest.first, characters.utf8.contains(first) else { return nil }
      rest = rest.dropFirst()
      return first
    }
    guard let year = number(4, 1_970...9_999), accept("-") != nil, let month = number(2, 1...12), accept("-") != nil,
      let day = number(2, 1...31), accept("Tt ") != nil, let hour = number(2, 0...23), accept(":") != nil,
      let minute = number(2, 0...59), accept(":") != nil, let second = number(2, 0...60)
    else { return nil }
    var fraction = 0.0
    if accept(".") != nil {
      var scale = 0.1
      guard rest.first.map({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) == true else { return nil }
      while let digit = number(1, 0...9) {
        fraction += Double(digit) * scale
        scale /= 10
      }
    }
    var offset = 0
    if accept("Zz") == nil {
      guard let sign = accept("+-"), let hours = number(2, 0...23), accept(":") != nil, let minutes = number(2, 0...59)
      else { return nil }
      offset = (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -60 : 60)
    }
    guard rest.isEmpty else { return nil }
    let time = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second - offset
    return Double(time) + fraction
  }

  /// Days since 1970-01-01 in the Gregorian calendar.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    // Years that begin in March, so that the leap day is the last.
    let shifted = month > 2 ? year : year - 1
    let monthFromMarch = (month + 9) % 12
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
  }
}
