/** Which setting holds, and where it is said to come from. */
import { describe, expect, test } from 'vitest'
import { describeProblemIn } from '../../../src/config/config-problem.ts'
import { loadConfig } from '../../../src/config/load-config.ts'
import { settingsOf } from '../../../src/config/settings.ts'

const file = (path: string, variables: Record<string, string>) => ({ path, variables })

describe('precedence', () => {
  const settings = settingsOf({ LOG_LEVEL: 'debug', API_KEY: '' }, [
    file('/asked/.env', { LOG_LEVEL: 'warn', MAX_SESSIONS: '1', API_KEY: 'asked' }),
    file('/clone/.env', {
      MAX_SESSIONS: '2',
      SESSION_TIMEOUT: '3',
      PATH: '/evil',
      STACK_SALT: 'x',
    }),
  ])

  test.each([
    ['the environment goes before files', 'LOG_LEVEL', 'debug', 'the environment'],
    ['also where it is empty', 'API_KEY', '', undefined],
    ['a file goes before those behind it', 'MAX_SESSIONS', '1', '/asked/.env'],
    ['what one file lacks another gives', 'SESSION_TIMEOUT', '3', '/clone/.env'],
    ['a file sets nothing but settings of ours', 'PATH', undefined, '/clone/.env'],
    ['what is not set has no origin', 'OTLP_RECEIVER_PORT', undefined, undefined],
  ])('%s', (_, name, value, origin) => {
    expect([settings.variables[name], settings.originOf(name)]).toEqual([value, origin])
  })
})

test.each([
  ['data', '/home/me/clone/data'],
  ['./data', '/home/me/clone/data'],
  ['/data', '/data'],
  ['~/data', '~/data'],
])('DATA_DIR=%s in a file does not depend on the current folder', (given, folder) => {
  const { variables } = settingsOf({}, [file('/home/me/clone/.env', { DATA_DIR: given })])
  expect(variables.DATA_DIR).toBe(folder)
})

test.each([
  [
    { LOG_LEVEL: 'verbose' },
    {},
    'LOG_LEVEL is "verbose", expected one of fatal, error, warn, info, debug, trace, silent (set in the environment)',
  ],
  [
    {},
    { LOG_LEVEL: 'verbose' },
    'LOG_LEVEL is "verbose", expected one of fatal, error, warn, info, debug, trace, silent (set in /clone/.env)',
  ],
  [
    {},
    { LANGFUSE_PUBLIC_KEY: 'pk-lf-1' },
    'LANGFUSE_SECRET_KEY is not set, expected the key that belongs to LANGFUSE_PUBLIC_KEY; set both or neither (LANGFUSE_PUBLIC_KEY is set in /clone/.env)',
  ],
  [
    { LANGFUSE_HOST: 'http://a' },
    { LANGFUSE_BASE_URL: 'http://b' },
    'LANGFUSE_BASE_URL is "http://b", expected the value of LANGFUSE_HOST, "http://a", or only one of the two (set in /clone/.env; LANGFUSE_HOST is set in the environment)',
  ],
  [
    { MAX_REQUEST_SIZE: '10000' },
    { MAX_IN_FLIGHT_SIZE: '19999' },
    'MAX_IN_FLIGHT_SIZE is "19999", expected at least 20000, twice MAX_REQUEST_SIZE (set in /clone/.env; MAX_REQUEST_SIZE is set in the environment)',
  ],
])('%j over %j: a wrong value is told with its place', (environment, inFile, message) => {
  const settings = settingsOf(environment, [file('/clone/.env', inFile)])
  const platform = { os: 'linux', homeDir: '/home/me', workingDir: '/' }
  const loaded = loadConfig(settings.variables, platform)
  const problems = loaded.ok ? [] : loaded.error
  expect(problems.map((problem) => describeProblemIn(problem, settings.originOf))).toEqual([
    message,
  ])
})
