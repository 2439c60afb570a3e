/** How long something takes, whatever else the machine does: time limits on a clock fail when it is busy. */

/** Milliseconds of processor time of each of so many runs. */
export function processorMs(run: (n: number) => unknown, runs = 1): number {
  const before = process.cpuUsage()
  for (let n = 0; n < runs; n += 1) run(n)
  return process.cpuUsage(before).user / 1000 / runs
}
