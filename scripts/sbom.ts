/**
 * The software bill of materials of what is shipped, as CycloneDX 1.6 (ECMA-424): the packages that
 * are installed with the program, and those that are built into it and its page. From package.json,
 * package-lock.json and the imports of the source alone, so that it needs no network and comes out the same each time.
 *
 *     node scripts/sbom.ts [file]        standard output unless a file is named
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const SOURCES = 'src/**/*.{ts,tsx}'

interface LockedPackage {
  readonly version?: string
  readonly license?: string
  readonly integrity?: string
  readonly optional?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  readonly dependencies: Readonly<Record<string, string>>
}

export interface ShippedPackage {
  readonly name: string
  readonly version: string
  /** An SPDX expression; absent when the lock file does not tell. */
  readonly license: string | undefined
  readonly integrity: string | undefined
  /** Places in the lock file of what it depends on. */
  readonly dependsOn: readonly string[]
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
const { packages: locked } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Readonly<Record<string, LockedPackage>>
}

/** The packages that the source imports. The build takes in all that npm does not install. */
function importedNames(): readonly string[] {
  const names = globSync(SOURCES, { cwd: root }).flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const specifiers = text.matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\()'([^'.][^']*)'/g)
    return [...specifiers].flatMap(([, specifier = '']) =>
      specifier.startsWith('node:') ? [] : packageName(specifier),
    )
  })
  return [...new Set(names)]
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** Where Node finds a package from another one: the innermost folder above it that has it. */
function placeOf(name: string, from: string): string | undefined {
  for (let folder = from; ; ) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (place in locked) return place
    if (folder === '') return undefined
    const above = folder.lastIndexOf('/node_modules/')
    folder = above === -1 ? '' : folder.slice(0, above)
  }
}

/**
 * What is built in of packages that depend on much more: the SDK of MCP has clients and servers of its own
 * (Express, Hono, OAuth), of which the program uses none. The build fails if another one gets into it.
 */
const USED_ALONE: Readonly<Record<string, readonly string[]>> = {
  'node_modules/@modelcontextprotocol/sdk': ['content-type', 'zod'],
}

function dependenciesOf(place: string): readonly string[] {
  const used = USED_ALONE[place]
  if (used !== undefined) return used.flatMap((name) => placeOf(name, place) ?? [])
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } =
    locked[place] ?? {}
  const peers = Object.keys(peerDependencies ?? {}).filter(
    (name) => peerDependenciesMeta?.[name]?.optional !== true,
  )
  const names = [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]
  return names.flatMap((name) => placeOf(name, place) ?? []).toSorted()
}

/** What a user of the program gets, by its place in the lock file; in order. */
export function shippedPackages(): ReadonlyMap<string, ShippedPackage> {
  return closureOf([...Object.keys(manifest.dependencies), ...importedNames()])
}

/** What npm installs beside the program, by its place in the lock file. */
export function installedPackages(): ReadonlyMap<string, ShippedPackage> {
  return closureOf(Object.keys(manifest.dependencies))
}

function closureOf(names: readonly string[]): ReadonlyMap<string, ShippedPackage> {
  const found = new Map<string, ShippedPackage>()
  const waiting = names.map((name) => {
    const place = placeOf(name, '')
    if (place === undefined) throw new Error(`${name} is not in package-lock.json`)
    return place
  })
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    if (found.has(place)) continue
    const { version = '', license, integrity } = locked[place] ?? {}
    const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const dependsOn = dependenciesOf(place)
    found.set(place, { name, version, license, integrity, dependsOn })
    waiting.push(...dependsOn)
  }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function purlOf({ name, version }: Pick<ShippedPackage, 'name' | 'version'>): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

/** Subresource Integrity has base64, CycloneDX hexadecimal digits. */
function hashOf(integrity: string) {
  const [algorithm = '', digest = ''] = integrity.split('-')
  const alg = algorithm.replace(/^sha(\d+)$/, 'SHA-$1')
  return { alg, content: Buffer.from(digest, 'base64').toString('hex') }
}

function licenceOf(license: string) {
  return /\s/.test(license) ? { expression: license } : { license: { id: license } }
}

/** The document. */
export function billOfMaterials() {
  const shipped = shippedPackages()
  const refOf = (place: string): string => {
    const shippedPackage = shipped.get(place)
    return shippedPackage === undefined ? place : purlOf(shippedPackage)
  }
  const own = purlOf(manifest)
  const direct = [...new Set([...Object.keys(manifest.dependencies), ...importedNames()])]
  // One version may lie in several places.
  const unique = [...new Map([...shipped].map(([place, each]) => [refOf(place), { place, each }]))]
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      lifecycles: [{ phase: 'build' }],
      component: {
        'bom-ref': own,
        type: 'application',
        name: manifest.name,
        version: manifest.version,
        description: manifest.description,
        licenses: [licenceOf(manifest.license)],
        purl: own,
      },
    },
    components: unique.map(([ref, { each }]) => ({
      'bom-ref': ref,
      type: 'library',
      name: each.name,
      version: each.version,
      scope: 'required',
      ...(each.integrity !== undefined && { hashes: [hashOf(each.integrity)] }),
      ...(each.license !== undefined && { licenses: [licenceOf(each.license)] }),
      purl: ref,
    })),
    dependencies: [
      { ref: own, dependsOn: refsOf(direct.map((name) => placeOf(name, '') ?? name)) },
      ...unique.map(([ref, { each }]) => ({ ref, dependsOn: refsOf(each.dependsOn) })),
    ],
  }

  function refsOf(places: readonly string[]): readonly string[] {
    return [...new Set(places.map(refOf))].toSorted()
  }
}

if (import.meta.main) {
  const text = `${JSON.stringify(billOfMaterials(), null, 2)}\n`
  const [file] = process.argv.slice(2)
  if (file === undefined) process.stdout.write(text)
  else writeFileSync(file, text)
}
