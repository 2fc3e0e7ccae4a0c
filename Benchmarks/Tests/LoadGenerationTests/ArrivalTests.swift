import LoadGeneration
import Testing

@Suite("Arrivals")
struct ArrivalTests {
  private func times(_ process: ArrivalProcess, count: Int) -> [Double] {
    var process = process
    return (0..<count).map { _ in
      defer { process.advance() }
      return Double(process.next) / 1e9
    }
  }

  @Test("of constant spacing are even, shifted by the phase")
  func constant() {
    let times = times(ArrivalProcess(rate: 100, spacing: .constant, phase: 0.5, seed: 1), count: 1_000)
    #expect(abs(times[0] - 0.005) < 1e-6)
    for (earlier, later) in zip(times, times.dropFirst()) { #expect(abs(later - earlier - 0.01) < 1e-6) }
  }

  @Test("of a Poisson process have its mean and its variance")
  func poisson() {
    let count = 100_000
    let times = times(ArrivalProcess(rate: 1_000, spacing: .poisson, seed: 3), count: count)
    let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
    let mean = gaps.reduce(0, +) / Double(gaps.count)
    let variance = gaps.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(gaps.count)
    // Four standard errors of the mean, and of the variance of an exponential distribution.
    #expect(abs(mean - 0.001) < 4 * 0.001 / Double(count).squareRoot())
    #expect(abs(variance - 1e-6) < 4 * 1e-6 * (8 / Double(count)).squareRoot())
  }

  @Test("follow from the seed")
  func seeds() {
    let first = ArrivalProcess(rate: 10, spacing: .poisson, seed: 1)
    #expect(times(first, count: 50) == times(first, count: 50))
    #expect(times(first, count: 50) != times(ArrivalProcess(rate: 10, spacing: .poisson, seed: 2), count: 50))
  }
}
