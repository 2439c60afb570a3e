/** Says at the beginning of a run against PostgreSQL what is not in it. */
import { notApplicable } from './one-engine.ts'

export function setup(): void {
  process.stdout.write(notApplicable())
}
