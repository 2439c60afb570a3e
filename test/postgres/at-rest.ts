/**
 * Whether this process waits for PostgreSQL: work that a timer began goes from statement to statement, and
 * is over when none follows. Counted around the driver, so whoever imports this sees every connection.
 */
import pg from 'pg'
import { settle } from '../unit/manual-clock.ts'

/** Statements and connections under way. */
let underWay = 0

type Asynchronous = (this: pg.Client, ...args: unknown[]) => unknown

/** The driver takes a callback, as its pool gives one when it connects, or returns a promise. */
function counted(name: 'query' | 'connect'): void {
  const prototype = pg.Client.prototype as unknown as Record<string, Asynchronous>
  const original = prototype[name] as Asynchronous
  const ended = (): void => {
    underWay -= 1
  }
  prototype[name] = function (...args) {
    const callback = args.at(-1)
    if (typeof callback === 'function') {
      underWay += 1
      const told = (...results: unknown[]): unknown => {
        ended()
        return Reflect.apply(callback, undefined, results)
      }
      return original.apply(this, [...args.slice(0, -1), told])
    }
    const result = original.apply(this, args)
    if (!(result instanceof Promise)) return result
    underWay += 1
    return result.finally(ended)
  }
}

counted('query')
counted('connect')

/** Resolves once nothing is under way. */
export async function databaseAtRest(): Promise<void> {
  await settle()
  while (underWay > 0) await settle()
}
