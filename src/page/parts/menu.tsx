/**
 * A button with a menu below it, as the ARIA practices describe one: the arrow keys, Home and End move in it,
 * Escape and Tab close it, and the button has the focus again after Escape and after a choice.
 */
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'

export type MenuItem = {
  readonly label: string
  /** Cannot be undone. */
  readonly isDanger?: boolean
} & ({ readonly onChoose: () => void } | { readonly href: string })

export function Menu({
  label,
  items,
}: {
  readonly label: string
  readonly items: readonly MenuItem[]
}) {
  const [isOpen, setOpen] = useState(false)
  const frame = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const id = useId()

  useEffect(() => {
    if (!isOpen) return undefined
    entriesOf(frame.current)[0]?.focus()
    const onPress = ({ target }: PointerEvent): void => {
      if (!(target instanceof Node) || frame.current?.contains(target) !== true) setOpen(false)
    }
    document.addEventListener('pointerdown', onPress)
    return () => document.removeEventListener('pointerdown', onPress)
  }, [isOpen])

  const close = (): void => {
    setOpen(false)
    button.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Tab') setOpen(false)
    const entries = entriesOf(frame.current)
    const next =
      entries[
        nextIndex(
          event.key,
          entries.findIndex((entry) => entry.matches(':focus')),
          entries.length,
        )
      ]
    if (event.key !== 'Escape' && next === undefined) return
    event.preventDefault()
    if (event.key === 'Escape') close()
    else next?.focus()
  }
  return (
    <div className="menu" ref={frame}>
      <button
        ref={button}
        type="button"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' || isOpen) return
          event.preventDefault()
          setOpen(true)
        }}
      >
        {label} <span aria-hidden="true">▾</span>
      </button>
      {isOpen && (
        <div className="menu-list" role="menu" id={id} aria-label={label} onKeyDown={onKeyDown}>
          {items.map((item) => (
            <Entry key={item.label} item={item} onChosen={close} />
          ))}
        </div>
      )}
    </div>
  )
}

function Entry({ item, onChosen }: { readonly item: MenuItem; readonly onChosen: () => void }) {
  if ('href' in item) {
    return (
      <a
        role="menuitem"
        tabIndex={-1}
        href={item.href}
        target="_blank"
        rel="noreferrer"
        onClick={onChosen}
      >
        {item.label}
      </a>
    )
  }
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      className={item.isDanger === true ? 'danger' : undefined}
      onClick={() => {
        onChosen()
        item.onChoose()
      }}
    >
      {item.label}
    </button>
  )
}

function entriesOf(frame: HTMLElement | null): HTMLElement[] {
  return [...(frame?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])]
}

/** The entry that a key leads to; -1 for a key that leads nowhere. */
function nextIndex(key: string, at: number, count: number): number {
  switch (key) {
    case 'ArrowDown':
      return (at + 1) % count
    case 'ArrowUp':
      return (at - 1 + count) % count
    case 'Home':
      return 0
    case 'End':
      return count - 1
    default:
      return -1
  }
}
