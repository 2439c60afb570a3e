/**
 * Who and where a session is: what stands on every span of it.
 */

/** Natural key of a session: `<agent>/<session id>`. */
export type SessionKey = string

/** What one record says about its session; later records may add to it. */
export interface Identity {
  /** Shown as the Langfuse user: e-mail, else account, else the agent's anonymous id. */
  readonly userId?: string
  readonly organizationId?: string
  readonly terminal?: string
  /** The agent's own version, e.g. `2.1.329`. */
  readonly agentVersion?: string
  /** `deployment.environment[.name]` of the resource, as sent. */
  readonly environment?: string
  /** Resource attributes worth showing (not host, OS or SDK facts), as text. */
  readonly labels?: Readonly<Record<string, string>>
}

/** The session key of an agent's session id. */
export function sessionKeyOf(agent: string, sessionId: string): SessionKey {
  return `${agent}/${sessionId}`
}

// The sessions of test records that `doctor` sends through the bridge. Nobody worked in them, so
// whatever counts sessions leaves them out.

/** Every id of such a session begins with it, and no other does. */
export const DOCTOR_SESSION_PREFIX = 'claude-telemetry-doctor-'
