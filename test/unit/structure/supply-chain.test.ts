/** What is shipped beside our own code: whose it is, under which licence, and that it is written down. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { billOfMaterials, shippedPackages } from '../../../scripts/sbom.ts'

const root = join(import.meta.dirname, '../../..')
const read = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8')) as unknown

const { packages } = read('package-lock.json') as {
  packages: Readonly<
    Record<string, { readonly license?: string; readonly hasInstallScript?: boolean }>
  >
}

/** Permissive: they ask for their notice to be kept, and nothing of our own code. */
const SHIPPED = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
]
/** Of tools that are not shipped, also those that ask for changes of their own files to be published, or for nothing. */
const OF_TOOLS = [...SHIPPED, 'CC0-1.0', 'MPL-2.0']
/** The lock file does not say it, since they write it in a form of before; their package.json does. */
const OLD_FORM: Readonly<Record<string, string>> = {
  'node_modules/buildcheck': 'MIT',
  'node_modules/cpu-features': 'MIT',
  'node_modules/ssh2': 'MIT',
}

/** The licences that an SPDX expression names. */
function licencesOf(expression: string): readonly string[] {
  return expression
    .replace(/[()]/g, ' ')
    .split(/\s+(?:AND|OR)\s+/i)
    .map((name) => name.trim())
}

describe('licences', () => {
  test('of what is shipped are permissive', () => {
    const shipped = [...shippedPackages()]
    expect(shipped.length).toBeGreaterThan(50)
    const others = shipped.filter(
      ([, { license }]) => !licencesOf(license ?? 'none').every((name) => SHIPPED.includes(name)),
    )
    expect(others).toEqual([])
  })

  test('of tools are known', () => {
    const others = Object.entries(packages)
      .filter(([place]) => place !== '')
      .map(([place, { license }]) => [place, license ?? OLD_FORM[place] ?? 'none'] as const)
      .filter(([, license]) => !licencesOf(license).every((name) => OF_TOOLS.includes(name)))
    expect(others).toEqual([])
  })
})

describe('the bill of materials', () => {
  const bill = billOfMaterials()
  const refs = bill.components.map((component) => component['bom-ref'])
  const nameOf = (ref: string): string => ref.replace(/^pkg:npm\/(.*)@.*$/, '$1')
  const names = refs.map(nameOf)

  test('has what is installed with the program and what is built into it and its page, and no tool', () => {
    const { dependencies, devDependencies } = read('package.json') as {
      dependencies: Record<string, string>
      devDependencies: Record<string, string>
    }
    expect(names).toEqual(expect.arrayContaining(Object.keys(dependencies)))
    const ofProgram = ['fastify', 'find-my-way', '%40langfuse/core', '%40pydantic/genai-prices']
    const ofPage = ['react', 'react-dom', 'scheduler', 'wouter', '%40tanstack/query-core']
    expect(names).toEqual(expect.arrayContaining([...ofProgram, ...ofPage]))
    const tools = ['vitest', 'vite', 'typescript', 'playwright-core', 'testcontainers']
    expect(Object.keys(devDependencies)).toEqual(expect.arrayContaining(tools))
    expect(names.filter((name) => tools.includes(name))).toEqual([])
  })

  test('tells each once, with version, licence and hash, and knows what needs what', () => {
    expect(new Set(refs).size).toBe(refs.length)
    for (const { name, version, licenses, hashes } of bill.components) {
      expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+/)])
      expect([name, licenses?.length]).toEqual([name, 1])
      expect(hashes).toEqual([{ alg: 'SHA-512', content: expect.stringMatching(/^[\da-f]{128}$/) }])
    }
    const own = bill.metadata.component['bom-ref']
    expect(bill.dependencies.map(({ ref }) => ref)).toEqual([own, ...refs])
    for (const { dependsOn } of bill.dependencies)
      expect(refs).toEqual(expect.arrayContaining([...dependsOn]))
    const reached = new Set<string>()
    const visit = (ref: string): void => {
      if (reached.has(ref)) return
      reached.add(ref)
      for (const each of bill.dependencies.find((one) => one.ref === ref)?.dependsOn ?? [])
        visit(each)
    }
    visit(own)
    expect(reached.size).toBe(refs.length + 1)
  })

  test('comes out the same each time', () => expect(billOfMaterials()).toEqual(bill))
})

test('nothing that is shipped runs a program when it is installed, but the database', () => {
  const running = [...shippedPackages().keys()].filter(
    (place) => packages[place]?.hasInstallScript === true,
  )
  expect(running.filter((place) => place !== 'node_modules/better-sqlite3')).toEqual([])
})
