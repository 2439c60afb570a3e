/** A button that asks again before it does what cannot be undone. */
import { type ReactNode, useId, useRef } from 'react'

export interface ConfirmButtonProps {
  readonly label: string
  readonly question: string
  readonly children: ReactNode
  readonly onConfirm: () => void
  readonly isDisabled?: boolean
}

export function ConfirmButton(props: ConfirmButtonProps) {
  const { label, question, children, onConfirm, isDisabled = false } = props
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  return (
    <>
      <button
        type="button"
        className="danger"
        disabled={isDisabled}
        onClick={() => dialog.current?.showModal()}
      >
        {label}
      </button>
      <dialog ref={dialog} aria-labelledby={id}>
        <h2 id={id}>{question}</h2>
        <p>{children}</p>
        <form method="dialog" className="dialog-actions">
          <button type="submit">Keep</button>
          <button type="submit" className="danger-solid" onClick={onConfirm}>
            {label}
          </button>
        </form>
      </dialog>
    </>
  )
}
