/** A button that asks again before it does what cannot be undone. */
import { type ReactNode, type RefObject, useId, useRef } from 'react'

export interface ConfirmButtonProps {
  readonly label: string
  readonly question: string
  readonly children: ReactNode
  readonly onConfirm: () => void
  readonly isDisabled?: boolean
}

export function ConfirmButton({ isDisabled = false, ...asked }: ConfirmButtonProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  return (
    <>
      <button
        type="button"
        className="danger"
        disabled={isDisabled}
        onClick={() => dialog.current?.showModal()}
      >
        {asked.label}
      </button>
      <ConfirmDialog dialog={dialog} {...asked} />
    </>
  )
}

export interface ConfirmDialogProps extends Omit<ConfirmButtonProps, 'isDisabled'> {
  /** To have it shown. */
  readonly dialog: RefObject<HTMLDialogElement | null>
}

export function ConfirmDialog({
  dialog,
  label,
  question,
  children,
  onConfirm,
}: ConfirmDialogProps) {
  const id = useId()
  return (
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
  )
}
