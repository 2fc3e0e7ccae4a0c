/// Reads command lines exactly as Go's pflag library does, so that arguments written for the reference EPP keep their
/// meaning, and puts them in the one form that other parsers take as well: `--name=value`.
///
/// - `--flag=value` and `--flag value`; a value is taken whatever it looks like, even when it starts with a dash.
/// - `--bool`, `--bool=false`, with Go's spellings of truth values; a bool never takes the next word.
/// - `-v=4`, `-v 4` and `-v4` for flags with a shorthand, which may be strung together after bools.
/// - Long names after a single dash are refused: `-name` is a string of shorthands.
/// - `--` ends the flags. Words that are no flags may stand anywhere.
package struct GoFlagSet: Sendable {
  /// A command line that was understood.
  package struct Result: Sendable, Hashable {
    /// `--name=value` for every flag given. A flag given several times appears once with its last value, lists with
    /// all of theirs.
    package var words: [String] = []
    /// The words that are no flags.
    package var positional: [String] = []
    /// The names of the flags given.
    package var names: Set<String> = []
    /// Whether `--help` or `-h` was met; what follows it is not looked at.
    package var isHelpRequested = false
  }

  private let flags: [GoFlag]
  private let byName: [String: GoFlag]
  private let byShorthand: [Character: GoFlag]

  /// A set of flags; of several with the same name or shorthand the first one counts.
  package init(_ flags: [GoFlag]) {
    self.flags = flags
    byName = Dictionary(flags.map { ($0.name, $0) }) { first, _ in first }
    byShorthand = Dictionary(flags.compactMap { flag in flag.shorthand.map { ($0, flag) } }) { first, _ in first }
  }

  /// Reads the arguments after the program's name.
  package func parse(_ arguments: [String]) throws(GoFlagError) -> Result {
    var reading = Reading(rest: arguments[...])
    while let word = reading.rest.popFirst() {
      if !word.hasPrefix("-") || word == "-" {
        reading.positional.append(word)
      } else if word == "--" {
        reading.positional += reading.rest
        break
      } else if word.hasPrefix("--") {
        try readLong(word, &reading)
      } else {
        try readShort(word, &reading)
      }
      if reading.isHelpRequested { break }
    }
    return reading.result
  }

  private func readLong(_ word: String, _ reading: inout Reading) throws(GoFlagError) {
    let body = word.dropFirst(2)
    guard let first = body.first, first != "-", first != "=" else {
      throw GoFlagError(message: "bad flag syntax: \(word)")
    }
    // Bytes are compared, because an "=" followed by a combining mark is another character.
    let sign = body.utf8.firstIndex(of: UInt8(ascii: "="))
    let name = String(body[..<(sign ?? body.endIndex)])
    guard let flag = byName[name] else {
      if name == "help" {
        reading.isHelpRequested = true
        return
      }
      let suggestion = NameSuggestion.closest(to: name, among: flags.map(\.name))
      throw GoFlagError(message: "unknown flag: --\(name)" + (suggestion.map { "; did you mean --\($0)?" } ?? ""))
    }
    if let sign {
      try reading.set(flag, to: String(Substring(body.utf8[sign...].dropFirst())))
    } else if flag.kind == .bool {
      try reading.set(flag, to: "true")
    } else if let value = reading.rest.popFirst() {
      try reading.set(flag, to: value)
    } else {
      throw GoFlagError(message: "flag needs an argument: --\(name)")
    }
  }

  private func readShort(_ word: String, _ reading: inout Reading) throws(GoFlagError) {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      guard let flag = byShorthand[letter] else {
        if letter == "h" {
          reading.isHelpRequested = true
          return
        }
        let name = String(word.dropFirst().prefix { $0 != "=" })
        let hint = byName[name] == nil ? "" : "; did you mean --\(name)?"
        throw GoFlagError(message: "unknown shorthand flag: '\(letter)' in \(word)\(hint)")
      }
      if letters.first == "=", letters.count > 1 {
        return try reading.set(flag, to: String(letters.dropFirst()))
      }
      if flag.kind == .bool {
        try reading.set(flag, to: "true")
        continue
      }
      if !letters.isEmpty { return try reading.set(flag, to: String(letters)) }
      guard let value = reading.rest.popFirst() else {
        throw GoFlagError(message: "flag needs an argument: '\(letter)' in \(word)")
      }
      return try reading.set(flag, to: value)
    }
  }

  /// What has been read and what is left.
  private struct Reading {
    var rest: ArraySlice<String>
    var positional: [String] = []
    var isHelpRequested = false
    private var values: [(flag: GoFlag, value: String)] = []

    init(rest: ArraySlice<String>) {
      self.rest = rest
    }

    mutating func set(_ flag: GoFlag, to value: String) throws(GoFlagError) {
      switch flag.canonical(value) {
      case .success(let canonical):
        let earlier = flag.kind == .list ? nil : values.firstIndex { $0.flag.name == flag.name }
        if let earlier {
          values[earlier].value = canonical
        } else {
          values.append((flag, canonical))
        }
      case .failure(let reason):
        throw GoFlagError(message: "invalid argument \"\(value)\" for \"--\(flag.name)\" flag: \(reason.text)")
      }
    }

    var result: Result {
      Result(
        words: values.map { "--\($0.flag.name)=\($0.value)" }, positional: positional,
        names: Set(values.map(\.flag.name)), isHelpRequested: isHelpRequested)
    }
  }
}
