/** Why there is no answer, as an agent reads it. */
import type { WebFailure } from '../api/failure.ts'

export function failureText({ code, message }: WebFailure): string {
  return code === 'not_found' ? `${message}; list_sessions shows which there are` : message
}
