import PickerConfiguration
import Testing

@Suite struct GoDurationTests {
  @Test(arguments: [
    ("0", Int64(0)), ("50ms", 50_000_000), ("1.5s", 1_500_000_000), ("1h2m", 3_720_000_000_000), ("-3µs", -3_000),
    ("-3us", -3_000), ("+7ns", 7), (".5s", 500_000_000), ("1.s", 1_000_000_000), ("1h15m30.918s", 4_530_918_000_000),
    ("0.100000000000000000000h", 360_000_000_000), ("9223372036854775807ns", Int64.max),
  ])
  func readsGoSyntax(text: String, nanoseconds: Int64) {
    #expect(GoDuration(text)?.nanoseconds == nanoseconds)
  }

  @Test(arguments: [
    "", "-", "5", "s", ".s", "1d", "1 s", "1s ", "1.2.3s", "1h-2m", "9223372036854775808ns", "3000000h",
  ])
  func refusesAnythingElse(text: String) {
    #expect(GoDuration(text) == nil)
  }

  @Test(arguments: [
    ("0", "0s"), ("50ms", "50ms"), ("1500ms", "1.5s"), ("62m", "1h2m0s"), ("90s", "1m30s"), ("1500ns", "1.5µs"),
    ("-1.05s", "-1.05s"), ("100us", "100µs"), ("1.000000001s", "1.000000001s"),
  ])
  func printsAsGoDoes(text: String, printed: String) {
    #expect(GoDuration(text)?.description == printed)
  }
}
