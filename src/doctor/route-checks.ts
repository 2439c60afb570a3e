/** Whether the routes can be read, and each of their destinations takes what it is sent. */
import type { Config } from '../config/config.ts'
import { readRoutesFile } from '../config/routes-file.ts'
import { namedExporters } from '../exporters/registry.ts'
import { fault, fine, type Finding, skipped } from './finding.ts'

const TIMEOUT_MS = 15_000

/** None where there are no routes. Sends nothing but probes. */
export async function routeFindings(
  config: Config,
  productVersion: string,
  now: () => number,
): Promise<readonly Finding[]> {
  const routes = readRoutesFile(config.routesFile)
  if (!routes.ok)
    return [fault('routes.file', routes.error, 'Correct it; the bridge does not start with it')]
  if (routes.value === undefined) return []
  const { destinations, rules } = routes.value
  const named = namedExporters(destinations, config, { productVersion, now })
  const read = fine('routes.file', `${rules.length} rules, ${destinations.length} destinations`)
  const probed = await Promise.all(
    named.map(async ({ definition: { name }, exporter }): Promise<Finding> => {
      const id = `routes.${name}`
      if (exporter === undefined) return skipped(id, `${name} cannot be created from its settings`)
      const verdict = await exporter.probe(AbortSignal.timeout(TIMEOUT_MS))
      if (verdict.kind === 'accepted') return fine(id, `${exporter.address} accepts deliveries`)
      if (verdict.kind === 'stopped') {
        return fault(id, `${exporter.address} does not answer`, 'Check its address and the network')
      }
      const todo =
        verdict.kind === 'unauthorized'
          ? `Correct the keys of ${name} in ROUTES_FILE`
          : 'Check its log, or try again later; nothing is lost in the meantime'
      return fault(id, `${exporter.address} accepts no deliveries (${verdict.reason})`, todo)
    }),
  )
  return [read, ...probed]
}
