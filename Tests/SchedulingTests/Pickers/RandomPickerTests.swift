import Scheduling
import Testing

@Suite struct RandomPickerTests {
  @Test(arguments: [1, 3]) func picksEveryCandidateEquallyOften(maximum: Int) throws {
    let pool = TestPool(4, seed: 3)
    var counts = [0, 0, 0, 0]
    for _ in 0..<12_000 {
      counts[try #require(RandomPicker(maximumEndpoints: maximum).picks([9, 0, -1, 4], pool).first)] += 1
    }
    #expect(ChiSquare.uniform(counts) < ChiSquare.limits[4] ?? 0)
  }

  @Test func fallbacksAreDifferentCandidates() {
    let pool = TestPool(4)
    for _ in 0..<200 {
      let picks = RandomPicker(maximumEndpoints: 3).picks([0, 0, 0, 0], pool)
      #expect(picks.count == 3)
      #expect(Set(picks).count == 3)
    }
    #expect(Set(RandomPicker(maximumEndpoints: 9).picks([0, 0, 0, 0], pool)) == [0, 1, 2, 3])
    #expect(RandomPicker(maximumEndpoints: 0).picks([0], TestPool(1)) == [0])
  }
}
