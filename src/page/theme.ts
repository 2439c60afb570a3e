/** Light or dark: what the system says, unless someone chose. Kept in this browser. */
import { useLayoutEffect, useState } from 'react'

export type Theme = 'auto' | 'light' | 'dark'

const KEY = 'claude-telemetry-theme'
export const THEMES: readonly Theme[] = ['auto', 'light', 'dark']

/** The chosen theme, and how to choose another. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(storedTheme)
  useLayoutEffect(() => {
    if (theme === 'auto') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
    localStorage.setItem(KEY, theme)
  }, [theme])
  return [theme, setTheme]
}

function storedTheme(): Theme {
  const stored = localStorage.getItem(KEY)
  return THEMES.find((theme) => theme === stored) ?? 'auto'
}
