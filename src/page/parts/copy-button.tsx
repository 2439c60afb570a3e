/** Copies a text, and says so. */
import { useState } from 'react'

export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setState('copied'),
      () => setState('failed'),
    )
  }
  const said = { idle: label, copied: 'Copied', failed: 'Select and copy it yourself' }
  return (
    <button type="button" onClick={copy} aria-live="polite">
      {said[state]}
    </button>
  )
}
