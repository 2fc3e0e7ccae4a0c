import PickerConfiguration
import Testing

@Suite struct GoFlagSetTests {
  private let flags = GoFlagSet([
    GoFlag("grpc-port", .int), GoFlag("tracing", .bool), GoFlag("secure-serving", .bool),
    GoFlag("config-text", .string),
    GoFlag("refresh-metrics-interval", .duration), GoFlag("v", shorthand: "v", .int),
    GoFlag("quiet", shorthand: "q", .bool),
    GoFlag("endpoint-target-ports", .list), GoFlag("pool-name", shorthand: "n", .string),
  ])

  private func words(_ arguments: String...) throws -> [String] { try flags.parse(arguments).words }

  private func failure(_ arguments: String...) -> String? {
    do {
      _ = try flags.parse(arguments)
      return nil
    } catch {
      return error.message
    }
  }

  @Test(arguments: [
    (["--grpc-port=9002"], ["--grpc-port=9002"]),
    (["--grpc-port", "9002"], ["--grpc-port=9002"]),
    (["--grpc-port", "0x10"], ["--grpc-port=16"]),
    (["--grpc-port=-1"], ["--grpc-port=-1"]),
    (["--grpc-port", "-1"], ["--grpc-port=-1"]),
    (["--config-text", "--tracing"], ["--config-text=--tracing"]),
    (["--config-text=a=b\nc"], ["--config-text=a=b\nc"]),
    (["--config-text=\u{301}x"], ["--config-text=\u{301}x"]),
    (["--config-text="], ["--config-text="]),
    (["--config-text", ""], ["--config-text="]),
    (["--config-text", "--"], ["--config-text=--"]),
    (["--refresh-metrics-interval", "1.5s"], ["--refresh-metrics-interval=1.5s"]),
    (["--v", "4"], ["--v=4"]),
    (["--v=4"], ["--v=4"]),
    (["-v", "4"], ["--v=4"]),
    (["-v=4"], ["--v=4"]),
    (["-v4"], ["--v=4"]),
    (["-v", "-1"], ["--v=-1"]),
    (["-qv4"], ["--quiet=true", "--v=4"]),
    (["-qv", "4"], ["--quiet=true", "--v=4"]),
    (["-q=false"], ["--quiet=false"]),
    (["-npool"], ["--pool-name=pool"]),
    (["-n=a=b"], ["--pool-name=a=b"]),
    (["--grpc-port=1", "--v=2", "--grpc-port=3"], ["--grpc-port=3", "--v=2"]),
    (
      ["--endpoint-target-ports=1,2", "--endpoint-target-ports", "3"],
      ["--endpoint-target-ports=1,2", "--endpoint-target-ports=3"]
    ),
    ([], []),
  ])
  func takesEveryForm(arguments: [String], expected: [String]) throws {
    #expect(try flags.parse(arguments).words == expected)
  }

  @Test(arguments: [
    ("--tracing", true), ("--tracing=true", true), ("--tracing=1", true), ("--tracing=t", true), ("--tracing=T", true),
    ("--tracing=TRUE", true), ("--tracing=True", true), ("--tracing=false", false), ("--tracing=0", false),
    ("--tracing=f", false), ("--tracing=F", false), ("--tracing=FALSE", false), ("--tracing=False", false),
  ])
  func takesGoTruthValues(word: String, value: Bool) throws {
    #expect(try words(word) == ["--tracing=\(value)"])
  }

  @Test func aBoolLeavesTheNextWordAlone() throws {
    let result = try flags.parse(["--tracing", "false", "--v=1"])
    #expect(result.words == ["--tracing=true", "--v=1"])
    #expect(result.positional == ["false"])
    #expect(result.names == ["tracing", "v"])
  }

  @Test func twoDashesEndTheFlags() throws {
    let result = try flags.parse(["a", "--v=1", "-", "--", "--v=2", "-x"])
    #expect(result.words == ["--v=1"])
    #expect(result.positional == ["a", "-", "--v=2", "-x"])
  }

  @Test func stopsAtARequestForHelp() throws {
    for word in ["--help", "-h", "-qh"] {
      let result = try flags.parse([word, "--nonsense"])
      #expect(result.isHelpRequested)
    }
    #expect(try !flags.parse(["--config-text", "--help"]).isHelpRequested)
  }

  @Test func saysWhatIsWrong() {
    #expect(failure("--foo") == "unknown flag: --foo")
    #expect(failure("--foo=1") == "unknown flag: --foo")
    #expect(failure("--grpc-prot=1") == "unknown flag: --grpc-prot; did you mean --grpc-port?")
    #expect(failure("--grpc-port") == "flag needs an argument: --grpc-port")
    #expect(failure("-v") == "flag needs an argument: 'v' in -v")
    #expect(failure("-qv") == "flag needs an argument: 'v' in -qv")
    #expect(failure("-tracing") == "unknown shorthand flag: 't' in -tracing; did you mean --tracing?")
    #expect(failure("-x") == "unknown shorthand flag: 'x' in -x")
    #expect(failure("---v=1") == "bad flag syntax: ---v=1")
    #expect(failure("--=1") == "bad flag syntax: --=1")
    #expect(failure("--tracing=maybe") == #"invalid argument "maybe" for "--tracing" flag: expected true or false"#)
    #expect(failure("--tracing=") == #"invalid argument "" for "--tracing" flag: expected true or false"#)
    #expect(failure("--v=high") == #"invalid argument "high" for "--v" flag: expected an integer"#)
    #expect(failure("-v=") == #"invalid argument "=" for "--v" flag: expected an integer"#)
    #expect(failure("--grpc-port=1e3") == #"invalid argument "1e3" for "--grpc-port" flag: expected an integer"#)
    #expect(
      failure("--refresh-metrics-interval=50")
        == #"invalid argument "50" for "--refresh-metrics-interval" flag: expected a duration such as 50ms or 1h30m"#)
  }

  @Test(arguments: [
    ("0", 0), ("-0", 0), ("+5", 5), ("1_000", 1000), ("0b101", 5), ("0o17", 15), ("017", 15), ("0x_ff", 255),
    ("-0x10", -16), ("9223372036854775807", Int.max),
  ])
  func takesGoIntegers(text: String, value: Int) throws {
    #expect(try words("--v=\(text)") == ["--v=\(value)"])
  }

  @Test(arguments: ["", "_1", "1_", "1__0", "0x", "08", "9223372036854775808", "1.5", "0x1p3", " 1", "--1"])
  func refusesOtherIntegers(text: String) {
    #expect(failure("--v=\(text)") != nil)
  }
}
