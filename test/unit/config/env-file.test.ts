/** Values of an `.env` file that a `#` cuts off. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readSettings } from '../../../src/config/env-file.ts'
import type { Platform } from '../../../src/config/folders.ts'
import { suspicionsOf } from '../../../src/config/suspicions.ts'

/** The names that are warned of, and the settings. */
function read(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'env-file-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'settings.env')
  writeFileSync(path, text)
  const platform = { workingDir: folder, homeDir: folder, os: 'linux' } as unknown as Platform
  const settings = readSettings([path], {}, platform)
  if (!settings.ok) throw new Error(settings.error)
  const warned = suspicionsOf(settings.value).filter((each) => each.includes('begins a comment'))
  return { warned, path, variables: settings.value.variables }
}

test.each([
  ['BUDGET_CONTACT=the platform team (#ai-tools)', 'BUDGET_CONTACT'],
  ['BUDGET_CONTACT=the platform team ( # ai-tools )', 'BUDGET_CONTACT'],
  ['BUDGET_CONTACT=platform #ai-tools', 'BUDGET_CONTACT'],
  ['BUDGET_CONTACT=#ai-tools', 'BUDGET_CONTACT'],
  ['export API_KEY=abc#def # the key', 'API_KEY'],
  ['LANGFUSE_SECRET_KEY: sk#1', 'LANGFUSE_SECRET_KEY'],
])('%s is warned of', (line, name) => {
  const { warned, path } = read(`LOG_LEVEL=warn # quiet\r\n${line}\n`)
  expect(warned).toEqual([
    `${name} in ${path} ends before a #, which begins a comment. If the # belongs to the value, put the value in quotes.`,
  ])
})

test.each([
  ['BUDGET_CONTACT="the platform team (#ai-tools)"', 'the platform team (#ai-tools)'],
  ["BUDGET_CONTACT='a#b' #c", 'a#b'],
  ['BUDGET_CONTACT=`#a` # contact', '#a'],
  ['BUDGET_CONTACT=the team # who can raise it', 'the team'],
  ['BUDGET_CONTACT=the team ## who (else)', 'the team'],
  ['BUDGET_CONTACT=the team (mail) # who', 'the team (mail)'],
  ['BUDGET_CONTACT= # nobody', ''],
  ['# BUDGET_CONTACT=a#b', undefined],
  ['COLOUR=#fff', undefined],
  ['BUDGET_CONTACT="two\nBUDGET_CONTACT=a#b"', 'two\nBUDGET_CONTACT=a#b'],
])('%s is not', (line, value) => {
  const { warned, variables } = read(line)
  expect([warned, variables.BUDGET_CONTACT]).toEqual([[], value])
})
