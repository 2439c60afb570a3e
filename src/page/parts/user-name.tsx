/** Who a session is of, as people call them; the whole id for whoever points at it. */
import { userName } from '../../api/contract/user-name.ts'

export function UserName({ userId }: { readonly userId: string | null }) {
  if (userId === null) return null
  return (
    <abbr className="clip" title={userId}>
      {userName(userId)}
    </abbr>
  )
}
