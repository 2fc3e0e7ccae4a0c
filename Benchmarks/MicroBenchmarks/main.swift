#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// `epp-micro NAME COUNT` does a piece of work COUNT times; without arguments it lists the names. The driver
// `Benchmarks/micro` runs it under valgrind with two counts, whose difference is free of everything but the work.
let benchmarks =
  MessageBenchmarks.all + RequestBenchmarks.all + CacheEventBenchmarks.all + SchedulingBenchmarks.all
let arguments = CommandLine.arguments.dropFirst()
guard let name = arguments.first else {
  for benchmark in benchmarks { print(benchmark.name) }
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
