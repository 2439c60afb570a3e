/** Records that cannot be placed: kept, listed, tried again by the bridge, or dropped. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { payload, sendBody } from './cases/steps.ts'
import { createHome } from './cli/home.ts'
import { runBridge, type Running } from './cli/patient.ts'
import { removeFolder, temporaryFolder } from './corpus/bridge.ts'
import { changeStore } from './store.ts'

let bridge: Running & { stop(): Promise<void> }
const folder = temporaryFolder()

beforeAll(async () => {
  bridge = await runBridge(folder, undefined)
})

afterAll(async () => {
  await bridge.stop()
  removeFolder(folder)
})

const servers = () => ({
  url: `http://127.0.0.1:${bridge.port}`,
  grpc: `127.0.0.1:${bridge.grpcPort}`,
})

/** Claude Code's records, of which nothing says so any more; in a session of their own. */
function unknownLogs(): { readonly json: string; readonly sessionId: string } {
  const sessionId = randomUUID()
  const json = payload('10', '1-logs.json', Date.now())
    .replaceAll('00000001-1111-4222-8333-444444444444', sessionId)
    .replaceAll('claude_code', 'hidden')
    .replaceAll('claude-code', 'hidden')
  return { json, sessionId }
}

const listed = (home: ReturnType<typeof createHome>) => {
  const { code, stdout } = home.run(['quarantine', 'list', '--json'], bridge.variables)
  expect(code).toBe(0)
  return JSON.parse(stdout) as { id: number; name: string; reason: string; signal: string }[]
}

test('are refused and kept, and taken up once they can be placed', async () => {
  const home = createHome()
  const { json, sessionId } = unknownLogs()
  const reply = await sendBody(json, { send: '1-logs.json' }, servers())
  expect(reply.status).toBe(200)
  expect(reply.text).toContain('"rejectedLogRecords":"3"')
  await sendBody(json, { send: '1-logs.json' }, servers())
  const kept = listed(home)
  expect(kept).toHaveLength(3)
  expect(kept.map(({ reason }) => reason)).toEqual(Array(3).fill('unknown_agent'))

  const vain = await home.start(['quarantine', 'retry', '--all'], bridge.variables)
  expect([vain.code, vain.stdout]).toEqual([
    0,
    expect.stringContaining('0 records processed; 3 records still cannot be assigned'),
  ])
  expect(listed(home)).toHaveLength(3)

  // What a later version knows, this one does where the records say whose they are.
  changeStore(folder, "update quarantine set record = replace(record, 'hidden', 'claude_code')")
  const retried = await home.start(['quarantine', 'retry', '--all'], bridge.variables)
  expect([retried.code, retried.stdout]).toEqual([
    0,
    expect.stringContaining('3 records processed'),
  ])
  expect(listed(home)).toEqual([])
  const { sessions } = (await (await fetch(`${servers().url}/api/sessions?limit=10`)).json()) as {
    sessions: { sessionId: string; costUsd: number; lastMs: number }[]
  }
  const session = sessions.find((each) => each.sessionId === sessionId)
  expect(session).toMatchObject({ costUsd: 0.05 })
  const again = await home.start(['quarantine', 'retry', '--all'], bridge.variables)
  expect(again.stdout).toContain('0 records processed')
})

test('are dropped by id, or all; an id that is not there is named', async () => {
  const home = createHome()
  await sendBody(unknownLogs().json, { send: '1-logs.json', encoding: 'grpc' }, servers())
  const [first, ...others] = listed(home)
  const ids = [String(first?.id), '999999']
  const one = await home.start(['quarantine', 'drop', ...ids], bridge.variables)
  expect(one.code).toBe(1)
  expect(one.stderr).toContain('1 id not in the quarantine; 1 record dropped')
  expect(listed(home).map(({ id }) => id)).toEqual(others.map(({ id }) => id))
  const all = await home.start(['quarantine', 'drop', '--all'], bridge.variables)
  expect(all.stdout).toContain(`${others.length} records dropped`)
  expect(home.run(['quarantine', 'list'], bridge.variables).stdout).toBe(
    'no records in the quarantine\n',
  )
})

test('show in the delivery of the API', async () => {
  await sendBody(unknownLogs().json, { send: '1-logs.json' }, servers())
  const { quarantine } = (await (await fetch(`${servers().url}/api/delivery`)).json()) as {
    quarantine: { records: number; items: { signal: string; message: string }[] }
  }
  expect(quarantine.records).toBe(3)
  expect(quarantine.items[0]).toMatchObject({
    signal: 'log',
    message: expect.stringContaining('the agent that sent it is unknown'),
  })
})

test('need the bridge to be changed, and either ids or all', () => {
  const home = createHome()
  const alone = { ...bridge.variables, OTLP_RECEIVER_PORT: '9' }
  const { code, stderr } = home.run(['quarantine', 'retry', '--all'], alone)
  expect([code, stderr]).toEqual([1, expect.stringContaining('does not answer')])
  expect(home.run(['quarantine', 'drop'], bridge.variables).stderr).toContain('either ids or --all')
})
