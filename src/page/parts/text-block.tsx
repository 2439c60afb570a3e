/** Text that was recorded, or why it was not. */
import type { Content } from '../../api/contract/quantities.ts'

export function TextBlock({
  title,
  content,
}: {
  readonly title: string
  readonly content: Content
}) {
  const { text, note } = content
  if (text === null && note === null) return null
  return (
    <figure className="text-block">
      <figcaption>{title}</figcaption>
      {text === null ? (
        <p className="faint">{note}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre tabIndex={0} className={isJson(text) ? 'json' : 'prose'}>
          {isJson(text) ? readable(text) : text}
        </pre>
      )}
    </figure>
  )
}

function isJson(text: string): boolean {
  return /^\s*[[{]/.test(text)
}

/** JSON with its lines; what was cut off in the middle as it is. */
function readable(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2)
  } catch {
    return text
  }
}
