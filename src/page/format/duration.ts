/** Durations as people write them: two units at most. */

export function formatDuration(ms: number): string {
  if (ms < 1) return ms === 0 ? '0 ms' : '< 1 ms'
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  const totalS = Math.round(ms / 1000)
  if (totalS < 60) return `${totalS} s`
  if (totalS < 3600) return pair(Math.floor(totalS / 60), 'min', totalS % 60, 's')
  const totalMin = Math.round(totalS / 60)
  if (totalMin < 48 * 60) return pair(Math.floor(totalMin / 60), 'h', totalMin % 60, 'min')
  const totalH = Math.round(totalMin / 60)
  return pair(Math.floor(totalH / 24), 'd', totalH % 24, 'h')
}

function pair(more: number, moreUnit: string, less: number, lessUnit: string): string {
  return less === 0 ? `${more} ${moreUnit}` : `${more} ${moreUnit} ${less} ${lessUnit}`
}
