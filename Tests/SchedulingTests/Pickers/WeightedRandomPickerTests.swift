import Scheduling
import Testing

@Suite struct WeightedRandomPickerTests {
  private func counts(_ totals: [Double], maximum: Int = 1, draws: Int = 20_000) throws -> [Int] {
    let pool = TestPool(totals.count, seed: 11)
    var counts = totals.map { _ in 0 }
    for _ in 0..<draws {
      counts[try #require(WeightedRandomPicker(maximumEndpoints: maximum).picks(totals, pool).first)] += 1
    }
    return counts
  }

  @Test(arguments: [1, 2]) func picksInProportionToTotals(maximum: Int) throws {
    let counts = try counts([1, 2, 3, 4], maximum: maximum)
    #expect(ChiSquare.statistic(counts, shares: [1, 2, 3, 4]) < ChiSquare.limits[4] ?? 0)
  }

  @Test func tinyTotalsKeepTheirProportion() throws {
    let counts = try counts([1e-9, 3e-9])
    #expect(ChiSquare.statistic(counts, shares: [1, 3]) < ChiSquare.limits[2] ?? 0)
  }

  @Test func totalsOfZeroAndBelowAreNotPickedWhileOthersExist() throws {
    let counts = try counts([0, 5, -2, 5])
    #expect(counts[0] == 0)
    #expect(counts[2] == 0)
    #expect(ChiSquare.uniform([counts[1], counts[3]]) < ChiSquare.limits[2] ?? 0)
  }

  @Test(arguments: [[0.0, 0, 0, 0], [-1.0, -9, 0, -0.5]])
  func picksAtRandomWhenNoTotalIsPositive(totals: [Double]) throws {
    #expect(ChiSquare.uniform(try counts(totals)) < ChiSquare.limits[4] ?? 0)
  }

  @Test func fallbacksAreDifferentAndUnwantedOnesComeLast() {
    let pool = TestPool(4)
    for _ in 0..<200 {
      let picks = WeightedRandomPicker(maximumEndpoints: 4).picks([0, 2, 0, 1], pool)
      #expect(Set(picks) == [0, 1, 2, 3])
      #expect(Set(picks.prefix(2)) == [1, 3])
    }
  }
}
