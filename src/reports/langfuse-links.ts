/**
 * Where a session and its traces stand in Langfuse. Its addresses have the project's id in them,
 * which only Langfuse knows: asked for once, in the background, since no page waits for it.
 */
import type { Observation } from '../domain/emission.ts'
import { traceIdOf } from '../exporters/ids.ts'

export interface LangfuseLinks {
  /** Has the project asked for, so that it is known when a link is wanted. */
  prepare(): void
  /** Null while the project is not known. */
  session(sessionId: string): string | null
  trace(observation: Pick<Observation, 'traceKey' | 'agentTraceId'>): string | null
}

/** Without keys there is nothing to link to. */
export const noLinks: LangfuseLinks = { prepare: () => {}, session: () => null, trace: () => null }

export interface LangfuseLinksDeps {
  /** Without trailing slash. */
  readonly baseUrl: string
  /** Asks Langfuse; undefined when it does not say. Does not reject. */
  readonly readProjectId: () => Promise<string | undefined>
  readonly now: () => number
}

/** How long a Langfuse that did not say is left alone. */
const ASK_AGAIN_MS = 60_000

export function createLangfuseLinks({
  baseUrl,
  readProjectId,
  now,
}: LangfuseLinksDeps): LangfuseLinks {
  let projectId: string | undefined
  let askedMs = Number.NEGATIVE_INFINITY

  async function ask(): Promise<void> {
    projectId = await readProjectId()
  }

  /** The project's address; asks for it when it is not known. */
  function project(): string | undefined {
    if (projectId === undefined && now() - askedMs >= ASK_AGAIN_MS) {
      askedMs = now()
      void ask()
    }
    return projectId && projectAddress(baseUrl, projectId)
  }

  function below(path: string): string | null {
    const base = project()
    return base === undefined ? null : `${base}/${path}`
  }

  return {
    prepare: () => void project(),
    session: (sessionId) => below(sessionPath(sessionId)),
    trace: (trace) => below(`traces/${shownTraceId(trace)}`),
  }
}

/** The id under which a trace is sent. */
export function shownTraceId({
  traceKey,
  agentTraceId,
}: Pick<Observation, 'traceKey' | 'agentTraceId'>): string {
  return agentTraceId ?? traceIdOf(traceKey)
}

/** Where a session stands, for who knows the project. */
export function sessionAddress(baseUrl: string, projectId: string, sessionId: string): string {
  return `${projectAddress(baseUrl, projectId)}/${sessionPath(sessionId)}`
}

function projectAddress(baseUrl: string, projectId: string): string {
  return `${baseUrl}/project/${encodeURIComponent(projectId)}`
}

function sessionPath(sessionId: string): string {
  return `sessions/${encodeURIComponent(sessionId)}`
}
