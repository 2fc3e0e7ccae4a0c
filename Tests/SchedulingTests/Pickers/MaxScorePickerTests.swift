import Scheduling
import Testing

@Suite struct MaxScorePickerTests {
  @Test func picksTheGreatestTotal() {
    let pool = TestPool(4)
    #expect(MaxScorePicker().picks([1, 3, 2, -4], pool) == [1])
    #expect(MaxScorePicker().picks([-3, -1, -2, -4], pool) == [1])
    #expect(MaxScorePicker().picks([7], TestPool(1)) == [0])
  }

  @Test(arguments: [1, 2]) func breaksTiesEvenly(maximum: Int) throws {
    let pool = TestPool(4, seed: 7)
    var counts = [0, 0, 0, 0]
    for _ in 0..<9_000 {
      let first = try #require(MaxScorePicker(maximumEndpoints: maximum).picks([5, 1, 5, 5], pool).first)
      counts[first] += 1
    }
    #expect(counts[1] == 0)
    #expect(ChiSquare.uniform([counts[0], counts[2], counts[3]]) < ChiSquare.limits[3] ?? 0)
  }

  @Test func breaksTiesAmongFallbacksEvenly() {
    let pool = TestPool(4, seed: 8)
    var counts = [0, 0, 0, 0]
    for _ in 0..<9_000 {
      let picks = MaxScorePicker(maximumEndpoints: 2).picks([1, 9, 1, 1], pool)
      #expect(picks.count == 2)
      #expect(picks.first == 1)
      if let second = picks.last { counts[second] += 1 }
    }
    #expect(ChiSquare.uniform([counts[0], counts[2], counts[3]]) < ChiSquare.limits[3] ?? 0)
  }

  @Test func ordersFallbacksFromBestToWorst() {
    let pool = TestPool(5)
    let totals = [0.1, 0.9, 0.5, 0.7, 0.3]
    #expect(MaxScorePicker(maximumEndpoints: 3).picks(totals, pool) == [1, 3, 2])
    #expect(MaxScorePicker(maximumEndpoints: 9).picks(totals, pool) == [1, 3, 2, 4, 0])
  }

  @Test(arguments: [0, -3]) func alwaysPicksAtLeastOne(maximum: Int) {
    #expect(MaxScorePicker(maximumEndpoints: maximum).picks([1, 2], TestPool(2)) == [1])
  }
}
