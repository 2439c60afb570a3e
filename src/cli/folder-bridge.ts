/**
 * The bridge at the configured address, and whether it is the one of the configured data folder:
 * the settings of a command may name the port of one bridge and the folder of another.
 */
import { type BridgeApi, createBridgeApi, refusedReason } from '../api/bridge-client.ts'
import type { Config } from '../config/config.ts'
import { type Health, healthOf, livenessOf } from '../doctor/bridge-target.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { localAddress } from '../setup/bridge-address.ts'
import { readAccessToken } from '../storage/access-token.ts'
import { isStoreMissing, readStoreInstance } from '../storage/beside.ts'
import type { MaintenanceProblem } from '../storage/maintenance.ts'
import { databaseName, placeName, type StorePlace } from '../storage/store-place.ts'
import { failed, type Failure } from './outcome.ts'

/** `unknown`: an older bridge, one that was not asked with its key, or a folder without an id. */
export type FolderMatch = 'same' | 'other' | 'unknown'

export interface FoundBridge {
  /** Whether records can be stored. */
  readonly isWell: boolean
  /** Absent when it tells that only to those who send its key. */
  readonly health?: Health
  readonly folder: FolderMatch
}

/** The way to it; nothing is asked yet. */
export function configuredBridge({
  receiver,
  dataDir,
  pageAccess,
}: Pick<Config, 'receiver' | 'dataDir' | 'pageAccess'>): BridgeApi {
  const address = localAddress(receiver, receiver.port)
  const accessToken = pageAccess === 'open' ? undefined : readAccessToken(dataDir)
  const asksForCertificate = receiver.tls?.clientCaFile !== undefined
  return createBridgeApi({ address, apiKey: receiver.apiKey, accessToken, asksForCertificate })
}

/** What answers there; the error completes "the bridge at … ". */
export async function findBridge(
  bridge: BridgeApi,
  place: StorePlace,
): Promise<Result<FoundBridge, string>> {
  const answer = await bridge.health()
  if (!answer.ok) return answer
  const health = healthOf(answer.value)
  if (health !== undefined) {
    const isWell = health.status === 'ok'
    return ok({ isWell, health, folder: await folderMatch(health, place) })
  }
  const status = livenessOf(answer.value)
  if (status === undefined) return err('is another program')
  return ok({ isWell: status === 'ok', folder: 'unknown' })
}

async function folderMatch({ instance }: Health, place: StorePlace): Promise<FolderMatch> {
  const own = await readStoreInstance(place)
  if (instance === undefined || own === undefined) return 'unknown'
  return instance === own ? 'same' : 'other'
}

const NEXT = 'Stop that bridge, or give this command its settings (OTLP_RECEIVER_PORT, API_KEY).'

/** The store cannot be opened: what is not there yet is made by a bridge. */
export function failedToOpen({ message }: MaintenanceProblem, place: StorePlace) {
  return failed(
    message,
    isStoreMissing(place) ? 'Start the bridge once: claude-telemetry start' : undefined,
  )
}

/** What `error` of the bridge that has the store means for a command: it completes "the one at … ". */
export function failedAtBridge(
  place: StorePlace,
  { address }: Pick<BridgeApi, 'address'>,
  error: string,
  next: string | undefined = NEXT,
): Result<never, Failure> {
  const reason = refusedReason(error)
  if (reason !== undefined) return failed(reason)
  return failed(`a bridge uses ${placeName(place)}, and the one at ${address} ${error}`, next)
}

/** What a bridge of another store does, behind "the bridge at … ". */
export function otherStore({ database }: StorePlace): string {
  return database === undefined ? 'uses a different data folder' : 'uses a different database'
}

/** The same, and from which one of the command's settings. */
export function otherStoreFrom(place: StorePlace): string {
  const { dataDir, database } = place
  const own =
    database === undefined ? `DATA_DIR=${dataDir}` : `DATABASE_URL, ${databaseName(database.url)}`
  return `${otherStore(place)} from ${own}`
}
