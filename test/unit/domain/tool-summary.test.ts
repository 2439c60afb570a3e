import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../../../src/domain/json-value.ts'
import { MAX_SUMMARY_LENGTH, subagentTask, toolSummary } from '../../../src/domain/tool-summary.ts'

const PATCH =
  '*** Begin Patch\n*** Add File: hello.txt\n+one\n*** Update File: src/a.ts\n@@\n*** End Patch'

describe('the summary of a tool', () => {
  test.each<[agent: string, tool: string, input: JsonValue, summary: string]>([
    ['Claude Code', 'Bash', { command: 'npm test', description: 'Run tests' }, 'npm test'],
    ['Claude Code', 'Bash', { bash_command: 'ls', full_command: 'ls | wc -l' }, 'ls | wc -l'],
    ['Claude Code', 'Read', { file_path: '/ws/a.ts', offset: 10, limit: 20 }, '/ws/a.ts:10-29'],
    ['Claude Code', 'Read', { file_path: '/ws/a.pdf', pages: '1-5' }, '/ws/a.pdf:1-5'],
    ['Claude Code', 'Write', { file_path: '/ws/b.ts', content: 'x' }, '/ws/b.ts'],
    ['Claude Code', 'Edit', { file_path: '/ws/b.ts', old_string: 'command' }, '/ws/b.ts'],
    ['Claude Code', 'NotebookEdit', { notebook_path: '/ws/n.ipynb' }, '/ws/n.ipynb'],
    ['Claude Code', 'Grep', { pattern: 'foo\\(', path: 'src', glob: '*.ts' }, 'foo\\( in src'],
    ['Claude Code', 'Glob', { pattern: '**/*.ts' }, '**/*.ts'],
    ['Claude Code', 'WebFetch', { url: 'https://example.org', prompt: 'x' }, 'https://example.org'],
    ['Claude Code', 'WebSearch', { query: 'otlp' }, 'otlp'],
    [
      'Claude Code',
      'Agent',
      { description: 'Count files', prompt: 'Count them.', subagent_type: 'Explore' },
      'Explore: Count files',
    ],
    ['Claude Code', 'Agent', { subagent_type: 'Explore' }, 'Explore'],
    ['Claude Code', 'Skill', { skill: 'greet' }, 'greet'],
    [
      'Claude Code',
      'TodoWrite',
      {
        todos: [
          { content: 'a', status: 'completed' },
          { content: 'b', status: 'in_progress' },
        ],
      },
      '1 of 2 done: b',
    ],
    ['Claude Code', 'AskUserQuestion', { questions: [{ question: 'Which?' }] }, 'Which?'],
    ['Claude Code', 'mcp__demo__add', { a: 1, b: 2, deep: { c: 3 } }, 'a: 1, b: 2'],
    ['Codex', 'exec_command', { cmd: 'cat a.txt', yield_time_ms: 1000 }, 'cat a.txt'],
    ['Codex', 'shell', { command: ['bash', '-lc', 'cat a.txt'] }, 'cat a.txt'],
    ['Codex', 'shell', { command: ['git', 'status'] }, 'git status'],
    ['Codex', 'apply_patch', PATCH, 'add hello.txt, update src/a.ts'],
    ['Codex', 'apply_patch', { input: PATCH }, 'add hello.txt, update src/a.ts'],
    ['Codex', 'exec', 'const r = await tools.run()\nmore', 'const r = await tools.run() more'],
    ['Gemini CLI', 'run_shell_command', { command: 'ls', description: 'x' }, 'ls'],
    ['Gemini CLI', 'read_file', { absolute_path: '/ws/a.ts' }, '/ws/a.ts'],
    ['Gemini CLI', 'read_many_files', { paths: ['a', 'b'] }, 'a, b'],
    ['Gemini CLI', 'search_file_content', { pattern: 'x', dir_path: 'src' }, 'x in src'],
    ['Gemini CLI', 'google_web_search', { query: 'otel' }, 'otel'],
    ['Copilot', 'bash', { command: 'ls', mode: 'sync', initial_wait: 10 }, 'ls'],
    ['Copilot', 'view', { path: '/ws/a.ts', view_range: [5, 9] }, '/ws/a.ts:5-9'],
    ['Copilot', 'str_replace_editor', { command: 'view', path: '/ws/a.ts' }, '/ws/a.ts'],
    [
      'Copilot',
      'task',
      { agent_type: 'explore', description: 'Look', prompt: 'p' },
      'explore: Look',
    ],
    ['VS Code', 'read_file', { filePath: '/ws/a.ts', startLine: 1, endLine: 4 }, '/ws/a.ts:1-4'],
    ['opencode', 'read', { filePath: '/ws/a.ts', offset: 3 }, '/ws/a.ts:3-'],
    ['opencode', 'webfetch', { url: 'https://example.org', format: 'text' }, 'https://example.org'],
  ])('of %s: %s', (_agent, tool, input, summary) => {
    expect(toolSummary(tool, input)).toBe(summary)
    // As a structure or as its JSON text, it is the same.
    const text = typeof input === 'string' ? input : JSON.stringify(input)
    expect(toolSummary(tool, text)).toBe(summary)
  })

  test.each([
    undefined,
    null,
    '',
    '[not recorded: set OTEL_LOG_TOOL_DETAILS=1]',
    '{}',
    '{"deep":{"a":1}}',
    '{not json',
    ['a'],
    '[{"command":"ls"}]',
  ])('says nothing of %j', (input) => {
    expect(toolSummary('Bash', input)).toBeUndefined()
  })

  test('is one line without control characters, of at most 120 characters', () => {
    const summary = toolSummary('Bash', {
      command: `echo \u001b]52;c;ZXZpbA==\u0007a\u001b[31mb\u202e\n\tc\u0000d ${'x'.repeat(500)}`,
    })
    expect(summary).toMatch(/^echo ab c d x+…$/)
    expect(summary).toHaveLength(MAX_SUMMARY_LENGTH)
  })

  test('keeps the end of a long path', () => {
    const file = `/${'folder/'.repeat(40)}file.ts`
    const summary = toolSummary('Read', { file_path: file, offset: 5, limit: 2 })
    expect(summary?.endsWith('folder/file.ts:5-6')).toBe(true)
    expect(summary).toHaveLength(MAX_SUMMARY_LENGTH)
  })

  test('never splits a character', () => {
    for (const length of [117, 118, 119, 120]) {
      const summary = toolSummary('Bash', { command: `${'x'.repeat(length)}😀😀` })
      expect(summary?.isWellFormed()).toBe(true)
      expect(summary?.length).toBeLessThanOrEqual(MAX_SUMMARY_LENGTH)
    }
  })

  test('reads the beginning of an input that is cut or too long to parse', () => {
    const long = JSON.stringify({
      file_path: '/ws/a.ts',
      content: 'x "command": "rm" '.repeat(5000),
    })
    expect(toolSummary('Write', long)).toBe('/ws/a.ts')
    expect(toolSummary('Write', `${long.slice(0, 100)}… [cut: 100 of 90000 characters]`)).toBe(
      '/ws/a.ts',
    )
    expect(toolSummary('Bash', `{"command":"echo \\"hi\\" ${'y'.repeat(20_000)}"}`)).toMatch(
      /^echo "hi" y+…$/,
    )
  })

  test('takes no longer for hostile inputs', () => {
    for (const input of [
      '{'.repeat(100_000),
      `{"a":"${'\\'.repeat(100_000)}`,
      '{"a":1,'.repeat(50_000),
    ]) {
      expect(() => toolSummary('Bash', input)).not.toThrow()
    }
  })
})

test('a subagent is started by the tools that start one, with type and prompt', () => {
  const input = { description: 'Count', prompt: 'Count them.', subagent_type: 'Explore' }
  const task = { type: 'Explore', description: 'Count', prompt: 'Count them.' }
  expect(subagentTask('Agent', input)).toEqual(task)
  expect(subagentTask('Task', JSON.stringify(input))).toEqual(task)
  expect(subagentTask('Bash', input)).toBeUndefined()
  expect(subagentTask('Agent', '[not recorded]')).toBeUndefined()
})
