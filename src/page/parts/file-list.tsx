/** The files that a session changed: how many, and which once that is opened. */
import type { Session } from '../../api/contract/session.ts'
import { plural } from '../format/count.ts'

export function FileList({ files, omittedFiles }: Pick<Session, 'files' | 'omittedFiles'>) {
  if (files.length === 0) return null
  // Of those beyond the bound nobody knows how many they are.
  const count = `${omittedFiles > 0 ? 'more than ' : ''}${plural(files.length, 'file')} changed`
  return (
    <details className="changed-files">
      <summary>{count}</summary>
      <ul>
        {files.map(({ path, times }) => (
          <li key={path}>
            <code>{path}</code>
            {times > 1 && <span className="faint"> {times} times</span>}
          </li>
        ))}
      </ul>
    </details>
  )
}
