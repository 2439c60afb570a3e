/**
 * The notices of the packages that are built into the program and its page, as their licences ask:
 * each with its name, version, licence and the text that it comes with. What npm installs beside the
 * program brings its own.
 *
 *     node scripts/third-party-notices.ts [file]        standard output unless a file is named
 */
import './require-node.ts'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installedPackages, type ShippedPackage, shippedPackages } from './sbom.ts'

const root = join(import.meta.dirname, '..')
const NOTICE_FILE = /^(licen[cs]e|copying|notice)([.-].*)?$/i
const RULE = '='.repeat(80)

/** By their place in the lock file. */
export function bundledPackages(): ReadonlyMap<string, ShippedPackage> {
  const installed = installedPackages()
  return new Map([...shippedPackages()].filter(([place]) => !installed.has(place)))
}

export function thirdPartyNotices(): string {
  const notices = [...bundledPackages()].map(([place, { name, version, license = 'unknown' }]) =>
    [RULE, `${name} ${version} (${license})`, RULE, '', textOf(place)].join('\n'),
  )
  return ['claude-telemetry has the following packages built in.', ...notices].join('\n\n')
}

/** The files of a package with its licence; what its manifest says of its author where it has none. */
function textOf(place: string): string {
  const folder = join(root, place)
  const files = readdirSync(folder).filter((name) => NOTICE_FILE.test(name))
  if (files.length > 0) {
    return files.map((name) => readFileSync(join(folder, name), 'utf8').trim()).join('\n\n')
  }
  const { author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly author?: string | { readonly name?: string }
  }
  const by = typeof author === 'string' ? author : author?.name
  return `The package has no text of its licence.${by === undefined ? '' : ` Author: ${by}`}`
}

if (import.meta.main) {
  const [file] = process.argv.slice(2)
  if (file === undefined) process.stdout.write(`${thirdPartyNotices()}\n`)
  else writeFileSync(file, `${thirdPartyNotices()}\n`)
}
