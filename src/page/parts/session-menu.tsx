/** What can be done with a session: copy its id, export it, open it in Langfuse, delete it. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { useLocation } from 'wouter'
import { api, EXPORT_PATH } from '../../api/contract/api.ts'
import type { Session } from '../../api/contract/session.ts'
import type { ExportFormat, ExportQuery } from '../../api/contract/session-export.ts'
import { ask, askForFile } from '../ask.ts'
import { useMay } from '../rights.ts'
import { ConfirmDialog } from './confirm-button.tsx'
import { Menu, type MenuItem } from './menu.tsx'
import { Failed } from './state.tsx'

export function SessionMenu({ data }: { readonly data: Session }) {
  const { session, langfuseUrl } = data
  const { key, sessionId } = session
  const dialog = useRef<HTMLDialogElement>(null)
  const queries = useQueryClient()
  const [, navigate] = useLocation()
  const mayDelete = useMay('admin')
  const copy = useMutation({ mutationFn: () => navigator.clipboard.writeText(sessionId) })
  const download = useMutation({
    mutationFn: (query: Partial<ExportQuery>) =>
      askForFile(EXPORT_PATH, { params: { key }, query }),
    onSuccess: save,
  })
  const remove = useMutation({
    mutationFn: () => ask(api.deleteSession, { params: { key } }),
    onSuccess: () => {
      queries.removeQueries({ queryKey: ['session', key] })
      void queries.invalidateQueries()
      navigate('/sessions')
    },
  })
  const exportAs = (format: ExportFormat, anonymous = false) => {
    return () => download.mutate({ format, anonymous })
  }
  const items: readonly MenuItem[] = [
    { label: 'Copy session id', onChoose: () => copy.mutate() },
    { label: 'Export as HTML', onChoose: exportAs('html') },
    { label: 'Export as HTML, anonymous', onChoose: exportAs('html', true) },
    { label: 'Export as Markdown', onChoose: exportAs('markdown') },
    ...(langfuseUrl === null ? [] : [{ label: 'Open in Langfuse', href: langfuseUrl }]),
    ...(mayDelete
      ? [{ label: 'Delete …', isDanger: true, onChoose: () => dialog.current?.showModal() }]
      : []),
  ]
  const state = download.isPending
    ? 'Exporting …'
    : copy.isError
      ? 'Could not copy: select the id instead'
      : copy.isSuccess && 'Copied'
  return (
    <>
      <span className="faint" role="status">
        {state}
      </span>
      <Menu label="Session" items={items} />
      <ConfirmDialog
        dialog={dialog}
        label="Delete"
        question="Delete this session?"
        onConfirm={() => remove.mutate()}
      >
        All its records on this machine are permanently deleted. What Langfuse already has stays
        there.
      </ConfirmDialog>
      {download.isError && <Failed error={download.error} />}
      {remove.isError && <Failed error={remove.error} />}
    </>
  )
}

/** Hands a file to the browser, which asks where it goes, or puts it among the downloads. */
function save({ blob, name }: { readonly blob: Blob; readonly name: string }): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
