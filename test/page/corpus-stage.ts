/** A real bridge that has taken in every recording with a truth, as it was recorded. */
import {
  bridgeEnvironment,
  removeFolder,
  startBridge,
  temporaryFolder,
  type TestBridge,
} from '../integration/corpus/bridge.ts'
import { replayAsRecorded } from '../integration/corpus/grpc-replay.ts'
import {
  isEventful,
  recording,
  recordingNames,
  type Truth,
} from '../integration/corpus/recording.ts'
import {
  createLangfuseStandIn,
  type LangfuseStandIn,
} from '../integration/langfuse-stand-in/stand-in.ts'

/** One of all names no session. */
export const names: readonly string[] = recordingNames.filter(
  (name) => Object.keys(recording(name).truth).length > 0,
)

type SessionTruth = readonly [id: string, truth: Truth]

/** Of each listed session of a recording: something happened in it. */
export function truthsOf(name: string): readonly SessionTruth[] {
  return Object.entries(recording(name).truth).filter(([, truth]) => isEventful(truth))
}

/** Of each listed session; no two recordings have one in common. */
export const truths: readonly SessionTruth[] = names.flatMap(truthsOf)

export interface CorpusStage {
  readonly bridge: TestBridge
  readonly langfuse: LangfuseStandIn
  close(): Promise<void>
}

export async function createCorpusStage(): Promise<CorpusStage> {
  const langfuse = await createLangfuseStandIn()
  const settings = { ...bridgeEnvironment(temporaryFolder(), langfuse), RETENTION_DAYS: '0' }
  const bridge = await startBridge({ ...settings, OTLP_GRPC_PORT: '0' })
  for (const name of names) await replayAsRecorded(bridge, recording(name))
  return {
    bridge,
    langfuse,
    close: async () => {
      await bridge.stop()
      await langfuse.close()
      removeFolder(bridge.dataDir)
    },
  }
}
