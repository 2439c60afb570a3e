/**
 * All checks, along the chain: Claude Code, its environment, the bridge, the store, Langfuse, and a
 * record through all of it. What lies behind a broken link is skipped, not guessed at.
 */
import type { Config } from '../config/config.ts'
import type { Platform } from '../config/folders.ts'
import { createLangfuseClient } from '../exporters/langfuse/client.ts'
import { createLangfuseReader } from '../exporters/langfuse/reading-client.ts'
import { type RefusalCounts, refusalsToActOn, remedyOf } from '../domain/refusal.ts'
import type { RunCommand } from '../setup/command-runner.ts'
import { localAddress } from '../setup/bridge-address.ts'
import { telemetryVariables } from '../setup/telemetry-environment.ts'
import { globalConfigPath, managedSettingsPath, userSettingsPath } from '../setup/places.ts'
import { agentFindings } from './agent-checks.ts'
import { type BridgeExamination, examineBridge } from './bridge-checks.ts'
import type { BridgeProbe } from './bridge-probe.ts'
import { bridgeTarget } from './bridge-target.ts'
import { budgetFindings } from './budget-checks.ts'
import { claudeEnvironment } from './claude-environment.ts'
import { claudeFindings } from './claude-checks.ts'
import { type Finding, skipped, warning } from './finding.ts'
import { examineLangfuse, type LangfuseClients, outboxFindings } from './langfuse-checks.ts'
import { readDatabaseFindings } from './database-checks.ts'
import { headersHelped } from './headers-helper.ts'
import { machineFindings, surroundingsOf } from './machine-checks.ts'
import { type Layers, readLayers } from './settings-layers.ts'
import { signalPlans } from './signal-plan.ts'
import { bodyFindings, telemetryFindings } from './telemetry-checks.ts'
import { examineJourney } from './test-record.ts'
import { routeFindings } from './route-checks.ts'
import { transcriptFindings } from './transcript-checks.ts'
import { sessionFindings } from './session-checks.ts'

type Variables = Readonly<Record<string, string | undefined>>

export interface Patient {
  readonly config: Config
  readonly platform: Platform
  /** Of the shell that this runs in. */
  readonly shellVariables: Variables
  readonly productVersion: string
  /** Where agents keep transcripts: those folders that are there. */
  readonly transcriptFolders: readonly string[]
}

export interface Instruments {
  readonly run: RunCommand
  readonly probe: BridgeProbe
  readonly now: () => number
}

export interface ExaminationOptions {
  /** How long the trace of the test record is waited for. */
  readonly waitMs: number
  /** Whether a test record is sent at all. */
  readonly sendsRecord: boolean
  /** No agent is set up on this machine: the bridge is asked as its own settings say. */
  readonly isServer?: boolean
}

export interface Examination {
  readonly findings: readonly Finding[]
  /** What the bridge refused since its start, by reason; empty when it does not tell. */
  readonly refused: RefusalCounts
}

export async function examine(
  patient: Patient,
  { run, probe, now }: Instruments,
  { waitMs, sendsRecord, isServer = false }: ExaminationOptions,
): Promise<Examination> {
  const { config, platform, shellVariables, productVersion, transcriptFolders } = patient
  const {
    layers,
    headersHelper,
    findings: settings,
  } = isServer ? layersOfServer(config) : layersOfAgent(patient)
  const environment = claudeEnvironment(layers)
  const variables = Object.assign({}, ...layers.map((layer) => layer.variables)) as Variables
  const helper = await headersHelped(headersHelper, run, variables)
  const plans = signalPlans(environment, helper.headers)
  const target = bridgeTarget(environment, config.receiver, helper.headers)
  const clients = langfuseClients(config, productVersion)
  const claude = isServer ? [] : await claudeFindings(run, shellVariables, environment)
  const bridge = await examineBridge(target, config.receiver, {
    ownVersion: productVersion,
    probe,
    now,
    plans,
    hasHelper: headersHelper !== undefined,
    surroundings: surroundingsOf(shellVariables),
  })
  const langfuse = await examineLangfuse(config.langfuse, clients, bridge.health, now)
  const routes = await routeFindings(config, productVersion, now)
  const reader =
    clients !== undefined && langfuse.takesSpans
      ? clients.reader
      : 'Langfuse accepts no spans, or is not configured here'
  const journey = { target, probe, place: config, reader, waitMs, now }
  const refused = bridge.health?.refused ?? {}
  const findings = [
    ...claude,
    ...settings,
    ...(isServer
      ? []
      : [
          ...telemetryFindings(environment),
          ...helper.findings,
          ...bodyFindings(environment, config.bodyFolders),
          ...agentFindings(shellVariables, platform, config),
        ]),
    ...bridge.findings,
    ...transcriptFindings(config, transcriptFolders),
    ...machineFindings(config.dataDir),
    ...refusalFindings(refused),
    ...(await readDatabaseFindings(config)),
    ...(await sessionFindings(config, now())),
    ...(bridge.health === undefined ? [] : outboxFindings(bridge.health)),
    // Routes lead elsewhere: without keys nothing goes to the project of the settings.
    ...(config.langfuse === undefined && routes.length > 0 ? [] : langfuse.findings),
    ...routes,
    ...(await budgetFindings(config)),
    ...(sendsRecord && bridge.takesRecords
      ? await examineJourney(journey)
      : [skipped('record', noRecordBecause(sendsRecord, bridge))]),
  ]
  return { findings, refused }
}

function layersOfAgent({ config, platform, shellVariables }: Patient): Layers {
  const places = {
    user: userSettingsPath(shellVariables, platform),
    globalConfig: globalConfigPath(shellVariables, platform),
    managed: managedSettingsPath(platform),
    workingDir: platform.workingDir,
  }
  return readLayers(shellVariables, places, budgetsRefuse(config))
}

/** What an agent beside the bridge would be given by `install`. */
function layersOfServer({ receiver }: Config): Layers {
  const { apiKey, port } = receiver
  const variables = telemetryVariables({
    ...{ protocol: 'http/json', endpoint: localAddress(receiver, port), contents: [] },
    ...{ traces: false, ...(apiKey !== undefined && { apiKey }) },
  })
  return {
    layers: [{ name: 'the settings of the bridge', variables }],
    headersHelper: undefined,
    findings: [],
  }
}

/** Budgets that refuse what is over them, and not only tell. */
function budgetsRefuse({ budgets }: Config): boolean {
  return (
    budgets.action !== 'tell' &&
    (budgets.file !== undefined || Object.keys(budgets.limits).length > 0)
  )
}

function noRecordBecause(sendsRecord: boolean, { isTried }: BridgeExamination): string {
  if (!sendsRecord) return 'no test record was requested'
  return isTried
    ? 'no test record: the bridge does not accept records'
    : 'no test record: Claude Code is not set up to send its logs to the bridge'
}

/** What was lost on its way to the bridge, as far as it got there. */
function refusalFindings(refused: RefusalCounts): readonly Finding[] {
  const worth = refusalsToActOn(refused)
  return worth.map(([reason, count]) => {
    const what = `the bridge has refused ${count} since it started: ${reason.replaceAll('_', ' ')}`
    return warning('bridge.refused', what, remedyOf(reason))
  })
}

function langfuseClients(
  { langfuse }: Config,
  productVersion: string,
): LangfuseClients | undefined {
  if (langfuse === undefined) return undefined
  return {
    client: createLangfuseClient({ ...langfuse, productVersion }),
    reader: createLangfuseReader(langfuse),
  }
}
