/** A bridge that is to follow transcripts, and what of them is there. */
import { expect, test } from 'vitest'
import { transcriptFindings } from '../../../src/doctor/transcript-checks.ts'

const watch = { homeDir: '/home/dev', variables: {}, isExported: false }

test('nothing is said where transcripts are not followed', () => {
  expect(transcriptFindings({}, ['/home/dev/.claude/projects'])).toEqual([])
})

test('names the folders, and where content goes', () => {
  const folders = ['/home/dev/.claude/projects', '/home/dev/.codex/sessions']
  const [local] = transcriptFindings({ watch }, folders)
  expect(local).toMatchObject({ id: 'transcripts.watch', status: 'ok' })
  expect(local?.what).toMatch(/projects, .*sessions; content stays in the store/)
  const [exported] = transcriptFindings({ watch: { ...watch, isExported: true } }, folders)
  expect(exported?.what).toMatch(/is exported/)
})

test('warns where there is nothing to follow', () => {
  expect(transcriptFindings({ watch }, [])).toMatchObject([
    { status: 'warn', todo: expect.stringMatching(/CLAUDE_CONFIG_DIR and CODEX_HOME/) },
  ])
})
