/**
 * How the work of something grows: the processor time that it takes for `n` things and for four
 * times as many, as a ratio. 4 is linear, 16 is quadratic. Of several runs the least counts, since
 * whatever else the machine does only adds to it.
 */
const RUNS = 2
/** While the ratio looks worse than linear: on a busy machine two runs may both be disturbed. */
const MOST_RUNS = 10
const CLEARLY_LINEAR = 6
/** Less cannot be told apart from nothing. */
const LEAST_MICROSECONDS = 10_000

/** Between linear and quadratic, with room for caches that no longer hold everything. */
export const WELL_BELOW_QUADRATIC = 9

/** Sizes that are tried while it still looks so: what is quadratic is so at each of them. */
const MOST_SIZES = 3

/** `prepare` is not measured, the work that it returns is. Begins with `n` things, or with more. */
export async function growth(
  prepare: (n: number) => () => void | Promise<void>,
  n: number,
): Promise<number> {
  let few = n
  while ((await processorTime(prepare(few))) < LEAST_MICROSECONDS) few *= 2
  let least = Number.POSITIVE_INFINITY
  for (let size = 0; size < MOST_SIZES && least > CLEARLY_LINEAR; size += 1) {
    least = Math.min(least, await ratioAt(prepare, few * 2 ** size))
  }
  return least
}

async function ratioAt(
  prepare: (n: number) => () => void | Promise<void>,
  few: number,
): Promise<number> {
  const times = { few: Number.POSITIVE_INFINITY, many: Number.POSITIVE_INFINITY }
  const isUnclear = () => times.many / times.few > CLEARLY_LINEAR
  for (let run = 0; run < RUNS || (run < MOST_RUNS && isUnclear()); run += 1) {
    times.few = Math.min(times.few, await processorTime(prepare(few)))
    times.many = Math.min(times.many, await processorTime(prepare(4 * few)))
  }
  return times.many / times.few
}

async function processorTime(work: () => void | Promise<void>): Promise<number> {
  const before = process.threadCpuUsage()
  await work()
  const { user, system } = process.threadCpuUsage(before)
  return user + system
}
