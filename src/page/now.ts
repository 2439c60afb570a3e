/** The present time for relative times, moving on by itself. */
import { useEffect, useState } from 'react'

export function useNow(everyMs = 10_000): number {
  const [nowMs, setNowMs] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return nowMs
}
