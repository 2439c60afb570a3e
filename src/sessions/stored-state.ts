/**
 * States as text, and back. A stored state may be of an older program: a chain of pure functions,
 * one from each version to the next, brings it up to today's. What a newer program wrote is
 * refused, and so is what is damaged; both can be told again from the session's records.
 */
import { err, ok, type Result } from '../domain/result.ts'
import type { StoredState } from '../domain/stored-state.ts'
import { hasToldSomething } from './eventful.ts'
import { shortHash } from '../domain/short-hash.ts'
import { soundState } from './sound-state.ts'
import { emptyModel } from './usage/totals.ts'
import { newSession, newTurn, type SessionState, STATE_VERSION } from './state.ts'

type Json = Readonly<Record<string, unknown>>
type Facts = Omit<StoredState, 'version' | 'text'>

/** From the version that is the key to the next. */
const upgrades: Readonly<Record<number, (state: Json, facts: Facts) => Json>> = { 1: from1To2 }

/** The state of today, with figures that can be true, or why it cannot be had. */
export function readState(stored: StoredState): Result<SessionState, string> {
  const state = upgradedState(stored)
  return state.ok ? ok(soundState(state.value)) : state
}

/** The same, with the figures that are in it. */
export function upgradedState({
  version,
  text,
  ...facts
}: StoredState): Result<SessionState, string> {
  if (version > STATE_VERSION) {
    return err(
      `its state has version ${version}, which a newer claude-telemetry wrote; ` +
        `this one reads versions up to ${STATE_VERSION}`,
    )
  }
  const parsed = parsedState(text)
  if (!parsed.ok) return parsed
  let state = parsed.value
  for (let at = version; at < STATE_VERSION; at += 1) {
    const upgrade = upgrades[at]
    if (upgrade === undefined) return err(`its state has version ${at}, which was never written`)
    state = upgrade(state, facts)
  }
  const filled = checked(withDefaults({ ...state, version: STATE_VERSION }), facts.sessionKey)
  if (!filled.ok || state.eventful !== undefined) return filled
  return ok({ ...filled.value, eventful: hasToldSomething(filled.value) })
}

function parsedState(text: string): Result<Json, string> {
  try {
    const value: unknown = JSON.parse(text)
    return isJson(value) ? ok(value) : err('its state is not an object')
  } catch (error) {
    return err(`its state is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/**
 * Version 1 is what several programs wrote before states had versions that meant something: the
 * first of them knew neither spans nor subagents, hooks, titles or labels with a time.
 */
function from1To2(state: Json, facts: Facts): Json {
  const { endedBeforeMs, ...kept } = state
  const identity = jsonOf(state.identity)
  const labels = jsonOf(identity.labels)
  const lastMs = typeof state.lastMs === 'number' ? state.lastMs : 0
  const atLastMs = (of: Json) => mapValues(of, () => lastMs)
  return {
    // Before hooks were taken, all that came was telemetry.
    hasTelemetry: true,
    ...kept,
    firstPrompt: state.firstPrompt ?? facts.title,
    firstPromptMs: state.firstPromptMs ?? facts.firstPromptMs,
    firstCommitMs: state.firstCommitMs ?? facts.firstCommitMs,
    attributes: labels,
    toldMs: { identity: atLastMs(identity), labels: atLastMs(labels) },
    turns: mapValues(jsonOf(state.turns), turnFrom1To2),
    ended: mapValues(jsonOf(state.ended), endedFrom1To2),
    hasDroppedTurns: typeof endedBeforeMs === 'number' && endedBeforeMs > 0,
  }
}

function turnFrom1To2(turn: unknown): unknown {
  if (!isJson(turn)) return turn
  const held = Array.isArray(turn.held) ? turn.held : []
  return {
    ...turn,
    isApart: false,
    held: held.map((call: unknown) => ({ waitsFor: ['answer'], ...jsonOf(call) })),
    sentSubagents: subagentsFrom1To2(turn.sentSubagents),
  }
}

function endedFrom1To2(turn: unknown): unknown {
  if (!isJson(turn)) return turn
  return { ...turn, isApart: false, subagents: subagentsFrom1To2(turn.subagents) }
}

/** By the subagent's id behind a colon, before; by its hash now. */
function subagentsFrom1To2(subagents: unknown): Json {
  const entries = Object.entries(jsonOf(subagents))
  return Object.fromEntries(entries.map(([key, sent]) => [`:${shortHash(key.slice(1))}`, sent]))
}

/** Fields that came later within a version have the value that they begin with. */
function withDefaults(state: Json): Json {
  const filled = jsonOf(filledUp(withLastCall(withModels(state)), blankSession))
  const turns = mapValues(jsonOf(filled.turns), (turn) => filledUp(withCount(turn), blankTurn))
  return { ...filled, turns }
}

/** The same of each model in the totals. */
function withModels(state: Json): Json {
  const totals = jsonOf(state.totals)
  if (!isJson(totals.models)) return state
  const models = mapValues(totals.models, (model) =>
    isJson(model) ? filledUp(model, blankModel) : model,
  )
  return { ...state, totals: { ...totals, models } }
}

/** A prompt was counted when it came, before answers told of prompts as well. */
function withCount(turn: unknown): unknown {
  return isJson(turn) ? { counted: turn.prompted === true, ...turn } : turn
}

/** Before the newest call was noted: events arrived up to the newest record. */
function withLastCall(state: Json): Json {
  const isNoted = Object.hasOwn(state, 'metricStretches')
  const hasCalls = Number(jsonOf(state.totals).modelCalls ?? 0) > 0
  return isNoted || !hasCalls ? state : { lastCallMs: state.lastMs, ...state }
}

const blankModel = emptyModel()
const blankSession = newSession('', { agent: '', sessionId: '', timeMs: 0 }, 0)
const blankTurn = newTurn({
  key: '',
  promptId: undefined,
  ordinal: 0,
  segment: 0,
  isApart: false,
  agentTraceId: undefined,
  sentSubagents: {},
  counted: false,
  timeMs: 0,
})

function filledUp(value: unknown, blank: unknown): unknown {
  if (value === undefined) return structuredClone(blank)
  if (!isJson(value) || !isJson(blank)) return value
  const defaults = mapValues(blank, (sub, key) => filledUp(value[key], sub))
  return { ...value, ...defaults }
}

/** Only damage or a fault of ours can have made it something else: what is there has to be of its kind. */
function checked(state: Json, sessionKey: string): Result<SessionState, string> {
  if (state.key !== sessionKey) return err('its state is that of another session')
  const wrong =
    wrongIn(state, blankSession, 'its state') ??
    Object.values(jsonOf(state.turns))
      .map((turn) => wrongIn(turn, blankTurn, 'a turn in its state'))
      .find((each) => each !== undefined)
  return wrong === undefined ? ok(state as unknown as SessionState) : err(wrong)
}

function wrongIn(value: unknown, blank: unknown, where: string): string | undefined {
  // JSON has null for what is no finite number.
  if (blank === undefined || (value === null && typeof blank === 'number')) return undefined
  if (kindOf(value) !== kindOf(blank)) return `${where} is no ${kindOf(blank)}`
  if (!isJson(value) || !isJson(blank)) return undefined
  for (const [name, sub] of Object.entries(blank)) {
    const wrong = wrongIn(value[name], sub, `"${name}" of ${where}`)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'list' : typeof value
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function jsonOf(value: unknown): Json {
  return isJson(value) ? value : {}
}

function mapValues(of: Json, map: (value: unknown, key: string) => unknown): Json {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [key, map(value, key)]))
}
