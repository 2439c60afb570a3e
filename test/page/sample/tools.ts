/** The tools the team's sessions used. */
import type { ToolUse } from '../../../src/api/contract/overview.ts'

export const tools: readonly ToolUse[] = [
  ['Read', 412, 4, 0, 42, 120],
  ['Bash', 286, 31, 12, 2_810, 18_400],
  ['Edit', 198, 9, 21, 66, 210],
  ['Grep', 151, 0, 0, 88, 240],
  ['Agent', 12, 1, 0, 48_200, 131_000],
  ['WebFetch', 8, 3, 2, 1_900, 4_800],
].map(([tool, results, failures, refusals, avgMs, p95Ms]) => ({
  tool: String(tool),
  results: Number(results),
  failures: Number(failures),
  refusals: Number(refusals),
  successRate: 1 - Number(failures) / Number(results),
  avgMs: Number(avgMs),
  p95Ms: Number(p95Ms),
}))
