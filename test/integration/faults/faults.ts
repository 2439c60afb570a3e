/** Every fault the rig knows, in the order of its table. */
import { clientFaults } from './client-faults.ts'
import { clockFaults } from './clock-faults.ts'
import { diskFaults } from './disk-faults.ts'
import type { Fault } from './fault.ts'
import { fileFaults } from './file-faults.ts'
import { langfuseFaults } from './langfuse-faults.ts'
import { processFaults } from './process-faults.ts'
import { replayFaults } from './replay-faults.ts'

export const faults: readonly Fault[] = [
  ...processFaults,
  ...langfuseFaults,
  ...diskFaults,
  ...clockFaults,
  ...clientFaults,
  ...fileFaults,
  ...replayFaults,
]
