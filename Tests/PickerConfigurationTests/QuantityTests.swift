import PickerConfiguration
import Testing

@Suite struct QuantityTests {
  @Test(arguments: [
    ("10Gi", Int64(10) << 30), ("1G", 1_000_000_000), ("500m", 1), ("1000m", 1), ("0", 0), ("-5", -5), ("1.5Ki", 1536),
    ("2e3", 2000), ("2E3", 2000), ("1E", 1_000_000_000_000_000_000), ("12E-1", 2), ("9223372036854775807", Int64.max),
    ("1n", 1), ("-1n", -1), ("0e40", 0),
  ])
  func readsKubernetesSyntax(text: String, value: Int64) {
    #expect(Quantity(text)?.value == value)
  }

  @Test(arguments: [
    "", "Gi", "1 Gi", "1gi", "0x10", "1e", "1Kib", "9223372036854775808", "16Ei", "1e41", "NaN", "1..2",
  ])
  func refusesAnythingElse(text: String) {
    #expect(Quantity(text) == nil)
  }

  @Test func countsThousandthsAndFractions() {
    #expect(Quantity("500m")?.milliValue == 500)
    #expect(Quantity("1.5")?.doubleValue == 1.5)
    #expect(Quantity("1G") == Quantity("1000M"))
    #expect(Quantity("1G")?.description == "1G")
  }

  @Test func takesAByteUnitOnlyWhereAllowed() {
    #expect(Quantity("10MiB") == nil)
    #expect(Quantity("10MiB", allowingByteUnit: true)?.value == 10 << 20)
    #expect(Quantity("25MB", allowingByteUnit: true)?.value == 25_000_000)
  }
}
