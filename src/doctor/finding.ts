/** What one check found: whether it is well, what there is, and what to do where it is not. */

export interface Finding {
  /** Stable, for scripts: `<part>.<what>`. */
  readonly id: string
  /** `warn` works but not well; `skip` could not be looked at, because of another finding. */
  readonly status: 'ok' | 'warn' | 'fail' | 'skip'
  readonly what: string
  /** On `warn` and `fail`. */
  readonly todo?: string
}

export function fine(id: string, what: string): Finding {
  return { id, status: 'ok', what }
}

export function warning(id: string, what: string, todo: string): Finding {
  return { id, status: 'warn', what, todo }
}

export function fault(id: string, what: string, todo: string): Finding {
  return { id, status: 'fail', what, todo }
}

export function skipped(id: string, what: string): Finding {
  return { id, status: 'skip', what }
}

/** A value as a finding shows it, cut where it is long. */
export function quote(value: string): string {
  return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value)
}
