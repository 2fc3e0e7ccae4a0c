#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// `epp-micro NAME COUNT` does a piece of work COUNT times; without arguments it lists the names. The driver
// `Benchmarks/micro` runs it under valgrind with two counts, whose difference is free of everything but the work.
// `epp-micro prefix-index-scale distinct|shared ENTRIES ENDPOINTS` is measured by the clock and takes much memory, so it is
// not in the list.
let benchmarks =
  MessageBenchmarks.all + RequestBenchmarks.all + CacheEventBenchmarks.all + SchedulingBenchmarks.all
let arguments = CommandLine.arguments.dropFirst()
guard let name = arguments.first else {
  for benchmark in benchmarks { print(benchmark.name) }
  exit(0)
}
if name == "prefix-index-scale" {
  let numbers = arguments.dropFirst(2).compactMap { Int($0) }
  let setting = arguments.dropFirst().first ?? ""
  guard ["distinct", "shared"].contains(setting), numbers.count == 2, (1...65_535).contains(numbers[1]),
    numbers[0] >= numbers[1], numbers[0] <= 1 << 30
  else {
    print("usage: epp-micro prefix-index-scale distinct|shared ENTRIES ENDPOINTS")
    exit(2)
  }
  var scale = PrefixIndexScale(entries: numbers[0], endpoints: numbers[1], isShared: setting == "shared")
  print(scale.run())
  exit(0)
}
guard let benchmark = benchmarks.first(where: { $0.name == name }), let count = arguments.last.flatMap({ Int($0) })
else {
  print("usage: epp-micro NAME COUNT")
  exit(2)
}
let work = try benchmark.prepare()
// What is made when first used is not measured either.
for _ in 0..<16 { try work() }
for _ in 0..<count { try work() }
