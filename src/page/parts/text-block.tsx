/** Text that was recorded, or why it was not. */
import type { Content } from '../../api/contract/quantities.ts'

/** A chat message, as far as it is shown. */
interface Message {
  readonly role: string
  readonly name?: string
  readonly content: string | readonly unknown[] | null
  readonly reasoning_content?: string
  readonly tool_calls?: readonly {
    readonly function: { readonly name: string; readonly arguments: string }
  }[]
}

export function TextBlock({
  title,
  content,
}: {
  readonly title: string
  readonly content: Content
}) {
  const { text, note } = content
  if (text === null && note === null) return null
  const messages = text === null ? undefined : messagesIn(text)
  return (
    <figure className="text-block">
      <figcaption>{title}</figcaption>
      {text === null && <p className="faint">{note?.replace(/, (\d+ characters)$/, ' ($1)')}</p>}
      {messages !== undefined && <Messages messages={messages} />}
      {text !== null && messages === undefined && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre tabIndex={0} className={isJson(text) ? 'json' : 'prose'}>
          {isJson(text) ? readable(text) : text}
        </pre>
      )}
    </figure>
  )
}

/** What went into a model or came out, message by message. */
function Messages({ messages }: { readonly messages: readonly Message[] }) {
  return (
    <dl className="messages" tabIndex={0}>
      {messages.flatMap(linesOf).map(({ who, text }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages never move
        <div key={index}>
          <dt>{who}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  )
}

interface Line {
  readonly who: string
  readonly text: string
}

function linesOf({ role, name, content, reasoning_content, tool_calls = [] }: Message): Line[] {
  const text = typeof content === 'string' ? content : partsText(content ?? [])
  const thought = reasoning_content
  return [
    ...(thought === undefined ? [] : [{ who: `${role} thinks`, text: thought }]),
    ...(text === '' ? [] : [{ who: name === undefined ? role : `${role} ${name}`, text }]),
    ...tool_calls.map(({ function: { name: tool, arguments: input } }) => ({
      who: `asks for ${tool}`,
      text: readable(input),
    })),
  ]
}

function partsText(parts: readonly unknown[]): string {
  return parts
    .map((part) => {
      const { text } = part as { readonly text?: unknown }
      return typeof text === 'string' ? text : JSON.stringify(part, undefined, 2)
    })
    .join('\n')
}

/** Messages as the bridge writes them; undefined of anything else, also where it is cut. */
function messagesIn(text: string): readonly Message[] | undefined {
  if (!isJson(text)) return undefined
  try {
    const value = JSON.parse(text) as unknown
    const list: readonly unknown[] = Array.isArray(value) ? value : [value]
    return list.length > 0 && list.every(isMessage) ? (list as readonly Message[]) : undefined
  } catch {
    return undefined
  }
}

function isMessage(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'role' in value && 'content' in value
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
